#include "train/byte_size.h"

#include "core/error.h"

#include <cstdlib>
#include <utility>

namespace tandem {

namespace {

constexpr std::pair<std::string_view, double> units[] = {
    {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}, {"KB", 1e3},
    {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12},    {"B", 1},        {"", 1}};

}  // namespace

std::string byte_text(uint64_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  if (number < 0x1p20) return fmt::format("{:.1f} KiB", number / 0x1p10);
  if (number < 0x1p30) return fmt::format("{:.1f} MiB", number / 0x1p20);
  return fmt::format("{:.2f} GiB", number / 0x1p30);
}

uint64_t parse_bytes(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double number = std::strtod(copy.c_str(), &end);
  std::string_view rest = end;
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  for (const auto& [name, factor] : units) {
    const double bytes = number * factor;
    if (end != copy.c_str() && rest == name && bytes >= 0 && bytes < 0x1p63) {
      return static_cast<uint64_t>(bytes);
    }
  }
  fail<ConfigError>("'{}' is no amount of memory; write it as 24GiB, 800MiB or 8e9.", text);
}

}  // namespace tandem
