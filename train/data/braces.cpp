#include "train/data/braces.h"

#include "core/error.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace tandem {
namespace {

constexpr size_t most_names = 1'000'000;

[[noreturn]] void refuse(const std::string& pattern, const char* reason) {
  fail<ConfigError>("{}: {}; expected braces such as {{0000..0099}} or {{a,b}}.", pattern, reason);
}

bool is_number(std::string_view text, uint64_t& value) {
  if (text.empty() || text.size() > 18) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// What stands for one brace's inside.
std::vector<std::string> choices(const std::string& inside, const std::string& pattern) {
  std::vector<std::string> found;
  const size_t dots = inside.find("..");
  uint64_t first = 0, last = 0;
  if (dots != std::string::npos && is_number(inside.substr(0, dots), first) &&
      is_number(inside.substr(dots + 2), last)) {
    if (last < first) refuse(pattern, "a range that falls");
    if (last - first >= most_names) refuse(pattern, "it stands for more than 1000000 names");
    for (uint64_t i = first; i <= last; ++i) found.push_back(fmt::format("{:0{}}", i, dots));
    return found;
  }
  if (inside.find(',') == std::string::npos) refuse(pattern, "braces without a range or a list");
  for (size_t begin = 0; begin <= inside.size();) {
    const size_t end = std::min(inside.find(',', begin), inside.size());
    found.push_back(inside.substr(begin, end - begin));
    begin = end + 1;
  }
  return found;
}

void expand(const std::string& pattern, std::vector<std::string>& names) {
  std::vector<std::string> heads{""};
  for (size_t at = 0; at < pattern.size();) {
    const size_t open = pattern.find('{', at), close = pattern.find('}', at);
    const size_t plain = std::min({open, close, pattern.size()});
    for (std::string& head : heads) head += pattern.substr(at, plain - at);
    if (plain == pattern.size()) break;
    if (close == std::string::npos || open > close) refuse(pattern, "a brace without its other");
    const std::string inside = pattern.substr(open + 1, close - open - 1);
    if (inside.find('{') != std::string::npos) refuse(pattern, "braces in braces");
    std::vector<std::string> longer;
    const std::vector<std::string> found = choices(inside, pattern);
    if (found.size() * heads.size() + names.size() > most_names) {
      refuse(pattern, "it stands for more than 1000000 names");
    }
    for (const std::string& head : heads) {
      for (const std::string& choice : found) longer.push_back(head + choice);
    }
    heads = std::move(longer);
    at = close + 1;
  }
  names.insert(names.end(), heads.begin(), heads.end());
}

}  // namespace

std::vector<std::string> expand_braces(const std::string& pattern) {
  std::vector<std::string> names;
  for (size_t begin = 0; begin <= pattern.size();) {
    const size_t end = std::min(pattern.find("::", begin), pattern.size());
    expand(pattern.substr(begin, end - begin), names);
    begin = end + 2;
  }
  return names;
}

}  // namespace tandem
