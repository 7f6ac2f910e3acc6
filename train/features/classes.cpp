#include "train/features/classes.h"

#include "core/error.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <unordered_map>

namespace tandem {
namespace {

std::optional<int32_t> whole_number(const std::string& text) {
  int32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || rest != end) return {};
  return value;
}

}  // namespace

std::vector<std::string> classes_of(const std::vector<TableRow>& rows) {
  std::set<std::string> names;
  for (const TableRow& row : rows) {
    if (!row.label.empty()) names.insert(row.label);
  }
  std::vector<std::string> classes(names.begin(), names.end());
  if (std::all_of(classes.begin(), classes.end(), whole_number)) {
    std::sort(classes.begin(), classes.end(), [](const std::string& a, const std::string& b) {
      return *whole_number(a) < *whole_number(b);
    });
  }
  return classes;
}

std::vector<int32_t> class_labels(const std::vector<TableRow>& rows,
                                  const std::vector<std::string>& classes,
                                  const std::string& table) {
  std::unordered_map<std::string, int32_t> numbers;
  for (const std::string& name : classes) {
    numbers.emplace(name, static_cast<int32_t>(numbers.size()));
  }
  std::vector<int32_t> labels;
  for (const TableRow& row : rows) {
    const auto found = numbers.find(row.label);
    const auto number = whole_number(row.label);
    if (row.label.empty()) {
      labels.push_back(-1);
    } else if (found != numbers.end()) {
      labels.push_back(found->second);
    } else if (number && *number >= 0 && static_cast<size_t>(*number) < classes.size()) {
      labels.push_back(*number);
    } else {
      fail<DataError>("{}:{}: the label '{}' is none of the {} classes.", table, row.line,
                      row.label, classes.size());
    }
  }
  return labels;
}

}  // namespace tandem
