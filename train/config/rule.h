// The values that a field of a config can have.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace tandem {

// Of each number, where the field is a list.
struct Rule {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool above_low = false;                 // low itself is not allowed
  bool below_high = false;                // high itself is not allowed
  std::vector<std::string> choices = {};  // of a text; any if empty

  bool operator==(const Rule&) const = default;
};

inline Rule any() { return {}; }
inline Rule between(double low, double high) { return {.low = low, .high = high}; }
inline Rule above(double low, double high) { return {.low = low, .high = high, .above_low = true}; }
inline Rule below(double low, double high) {
  return {.low = low, .high = high, .below_high = true};
}
inline Rule one_of(std::vector<std::string> choices) { return {.choices = std::move(choices)}; }

}  // namespace tandem
