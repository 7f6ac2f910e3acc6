#include "train/report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tandem {
namespace {

double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  const double share = step / power;
  return power * (share <= 1.001 ? 1 : share <= 2.001 ? 2 : share <= 5.001 ? 5 : 10);
}

// "12,345"
std::string with_commas(int64_t value) {
  const std::string digits = std::to_string(std::abs(value));
  std::string text = value < 0 ? "-" : "";
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace

Axis make_axis(double low, double high, int count, bool loose) {
  if (!std::isfinite(low) || !std::isfinite(high) || low > high) low = high = 0;
  // A range too small for doubles to cut up is none.
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low <= size * 1e-9) {
    const double around = size > 0 ? size * 0.05 : 1;
    low -= around;
    high += around;
  }
  const double step = round_step((high - low) / std::max(count, 1));
  const double first = loose ? std::floor(low / step + 1e-9) : std::ceil(low / step - 1e-9);
  const double last = loose ? std::ceil(high / step - 1e-9) : std::floor(high / step + 1e-9);
  Axis axis{low, high, {}, 0};
  if (loose) {
    axis.low = first * step;
    axis.high = last * step;
  }
  for (double i = first; i <= last; ++i) axis.ticks.push_back(i * step + 0.0);
  axis.decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 12);
  return axis;
}

std::string format_tick(double value, const Axis& axis) {
  const double size = std::max(std::abs(axis.low), std::abs(axis.high));
  if (value == 0) return "0";
  if (size >= 1e7 || size < 1e-2) return fmt::format("{:.3g}", value);
  if (axis.decimals > 0) return fmt::format("{:.{}f}", value, axis.decimals);
  const auto whole = static_cast<int64_t>(std::llround(value));
  if (size >= 20000 && whole % 1000 == 0) return with_commas(whole / 1000) + "k";
  return with_commas(whole);
}

}  // namespace tandem
