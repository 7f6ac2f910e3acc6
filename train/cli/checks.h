// Checks of numbers on the command line, for CLI11's check(): the option's name and a sentence.
#pragma once

#include <CLI/CLI.hpp>

#include <fmt/core.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace tandem {

// A whole number from `least` on.
inline CLI::Validator whole_number(int64_t least) {
  const auto check = [least](const std::string& text) {
    int64_t value = 0;
    if (CLI::detail::lexical_cast(text, value) && value >= least) return std::string();
    return fmt::format("expected a whole number from {}, got {}", least, text);
  };
  return CLI::Validator(check, "");
}

// A finite number above 0 or, with `zero`, 0.
inline CLI::Validator positive_number(bool zero = false) {
  const auto check = [zero](const std::string& text) {
    double value = 0;
    const bool read = CLI::detail::lexical_cast(text, value) && std::isfinite(value);
    if (read && (value > 0 || (zero && value == 0))) return std::string();
    return fmt::format("expected a number {} 0, got {}", zero ? "from" : "above", text);
  };
  return CLI::Validator(check, "");
}

}  // namespace tandem
