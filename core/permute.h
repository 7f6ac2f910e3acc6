// How a permuted tensor is walked.
#pragma once

#include "core/shape.h"

#include <array>

namespace tandem {

// The fewest nested loops over the result of a permutation of axes, outermost first, with the
// strides (in elements) at which the source moves. Axes of length 1 are left out.
struct PermuteLoops {
  int rank = 1;
  std::array<int64_t, Shape::max_rank> size{1};
  std::array<int64_t, Shape::max_rank> stride{1};
};

// REQUIRES: permutation holds every axis of x once; axis i of the result is permutation[i] of x.
PermuteLoops permute_loops(const Shape& x, std::span<const int64_t> permutation);

}  // namespace tandem
