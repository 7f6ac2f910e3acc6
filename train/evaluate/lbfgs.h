// L-BFGS (Nocedal & Wright 2006, algorithm 7.5) for smooth functions of many variables.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace tandem {

// The value at x; writes the gradient there. Both spans have the length of the start.
using Objective = std::function<double(std::span<const double> x, std::span<double> gradient)>;

struct LbfgsOptions {
  int64_t iterations = 1000;
  double tolerance = 1e-5;  // ends where no component of the gradient is larger
  size_t history = 10;      // pairs of steps kept
};

// Goes downhill from `start` until the gradient is small, no step lowers the value any more
// (rounding), or iterations are over; returns where it ended. The step length is halved until the
// value falls enough (Armijo's rule, equation 3.4), which suffices for convex functions.
std::vector<double> minimize(const Objective& objective, std::vector<double> start,
                             const LbfgsOptions& options = {});

}  // namespace tandem
