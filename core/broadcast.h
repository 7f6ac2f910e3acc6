// How two broadcast operands are walked along with their result.
#pragma once

#include "core/shape.h"

#include <array>

namespace tandem {

// The fewest nested loops over the result, outermost first; the strides (in elements) say how each
// operand moves with every loop, 0 where it is broadcast. The innermost strides are 0 or 1, never
// both 0 unless there is but one element.
struct BroadcastLoops {
  int rank = 1;
  std::array<int64_t, Shape::max_rank> size{1};
  std::array<int64_t, Shape::max_rank> a{1};
  std::array<int64_t, Shape::max_rank> b{1};

  int64_t inner() const { return size[static_cast<size_t>(rank - 1)]; }
  int64_t inner_a() const { return a[static_cast<size_t>(rank - 1)]; }
  int64_t inner_b() const { return b[static_cast<size_t>(rank - 1)]; }
};

// REQUIRES: y == broadcast(a, b).
BroadcastLoops broadcast_loops(const Shape& a, const Shape& b, const Shape& y);

}  // namespace tandem
