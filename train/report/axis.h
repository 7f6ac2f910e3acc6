// A chart's axis: round tick values that cover the data.
#pragma once

#include <string>
#include <vector>

namespace tandem {

struct Axis {
  double low = 0;  // the values at both ends
  double high = 1;
  std::vector<double> ticks;
  int decimals = 0;  // that tell the ticks apart

  // Where a value stands, 0 at the low end and 1 at the high one.
  double place(double value) const { return (value - low) / (high - low); }
};

// An axis over [low, high] with about `count` steps of 1, 2 or 5 times a power of ten (Heckbert
// 1990, "Nice numbers for graph labels"). With `loose` the ends are ticks themselves. An empty or
// non-finite range becomes one around its value.
Axis make_axis(double low, double high, int count, bool loose);

// "0", "0.25", "1,500", "20k", "1e-4": a tick's value, short.
std::string format_tick(double value, const Axis& axis);

}  // namespace tandem
