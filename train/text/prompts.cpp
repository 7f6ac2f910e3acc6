#include "train/text/prompts.h"

#include "core/error.h"
#include "train/config/utf8.h"
#include "train/data/records.h"
#include "train/data/regular_file.h"

#include <algorithm>
#include <fstream>
#include <set>

namespace tandem {
namespace {

std::vector<std::string> read_lines(const std::string& path) {
  require_regular_file<ConfigError>(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) fail<ConfigError>("{}: the file can't be opened; check its path.", path);
  std::vector<std::string> lines;
  std::set<std::string> known;
  int number = 0;
  for (std::string line : all_lines(file, path)) {
    ++number;
    if (const std::string_view fault = text_fault(line); !fault.empty()) {
      fail<ConfigError>("{}:{}: the line {}.", path, number, fault);
    }
    const size_t last = line.find_last_not_of(" \t\r");
    if (last == std::string::npos) continue;
    line = line.substr(line.find_first_not_of(" \t"), std::string::npos);
    line.resize(line.find_last_not_of(" \t\r") + 1);
    if (!known.insert(line).second) {
      fail<ConfigError>("{}:{}: '{}' is there twice; take one away.", path, number, line);
    }
    lines.push_back(line);
  }
  if (lines.empty()) fail<ConfigError>("{}: the file has no lines; write one a line.", path);
  return lines;
}

}  // namespace

std::vector<std::string> read_class_names(const std::string& path) { return read_lines(path); }

std::vector<std::string> read_templates(const std::string& path) {
  std::vector<std::string> templates = read_lines(path);
  for (const std::string& text : templates) {
    if (fill_template(text, "") != text) continue;
    fail<ConfigError>("{}: the template '{}' has no place for the class; write {{}} there.", path,
                      text);
  }
  return templates;
}

std::string fill_template(std::string_view text, std::string_view name) {
  std::string filled;
  for (size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    const size_t place = rest.starts_with("{}") ? 2 : rest.starts_with("{c}") ? 3 : 0;
    filled += place > 0 ? name : rest.substr(0, 1);
    i += place > 0 ? place : 1;
  }
  return filled;
}

size_t after_name(std::string_view text) {
  const auto end = [&](std::string_view place) {
    const size_t at = text.rfind(place);
    return at == std::string_view::npos ? 0 : at + place.size();
  };
  return std::max(end("{}"), end("{c}"));
}

}  // namespace tandem
