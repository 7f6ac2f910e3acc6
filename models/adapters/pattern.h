// Patterns of names, as in a shell: `*` any characters, dots too; `?` one; {q,v} one of several.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem {

// Whether all of `name` is as the pattern says. A brace that is not closed stands for itself.
bool matches(std::string_view pattern, std::string_view name);

// Patterns separated by spaces; a name matches if it matches one.
class Patterns {
 public:
  Patterns() = default;
  explicit Patterns(std::string_view text);

  bool match(std::string_view name) const;
  bool empty() const { return each_.empty(); }
  const std::vector<std::string>& each() const { return each_; }

  bool operator==(const Patterns&) const = default;

 private:
  std::vector<std::string> each_;
};

}  // namespace tandem
