#include "models/adapters/pattern.h"

#include <algorithm>

namespace tandem {

namespace {

// The place of the brace that closes the one at `open`; npos if none does.
size_t closing(std::string_view pattern, size_t open) {
  int depth = 0;
  for (size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '{') ++depth;
    if (pattern[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

// Where the alternative that begins at `begin` ends: a comma of this depth, or `close`.
size_t end_of_choice(std::string_view pattern, size_t begin, size_t close) {
  int depth = 0;
  for (size_t i = begin; i < close; ++i) {
    if (pattern[i] == '{') ++depth;
    if (pattern[i] == '}') --depth;
    if (pattern[i] == ',' && depth == 0) return i;
  }
  return close;
}

bool any_choice(std::string_view pattern, size_t close, std::string_view name) {
  const std::string rest(pattern.substr(close + 1));
  for (size_t begin = 1; begin <= close;) {
    const size_t end = end_of_choice(pattern, begin, close);
    if (matches(std::string(pattern.substr(begin, end - begin)) + rest, name)) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view name) {
  while (!pattern.empty()) {
    if (pattern.front() == '*') {
      const std::string_view rest = pattern.substr(1);
      for (size_t skipped = 0; skipped <= name.size(); ++skipped) {
        if (matches(rest, name.substr(skipped))) return true;
      }
      return false;
    }
    if (pattern.front() == '{') {
      const size_t close = closing(pattern, 0);
      if (close != std::string_view::npos) return any_choice(pattern, close, name);
    }
    if (name.empty() || (pattern.front() != '?' && pattern.front() != name.front())) return false;
    pattern.remove_prefix(1);
    name.remove_prefix(1);
  }
  return name.empty();
}

Patterns::Patterns(std::string_view text) {
  while (true) {
    const size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return;
    text.remove_prefix(begin);
    each_.emplace_back(text.substr(0, text.find(' ')));
    text.remove_prefix(each_.back().size());
  }
}

bool Patterns::match(std::string_view name) const {
  return std::any_of(each_.begin(), each_.end(),
                     [&](const std::string& pattern) { return matches(pattern, name); });
}

}  // namespace tandem
