#include "core/broadcast.h"

#include <algorithm>

namespace tandem {

namespace {

// Strides of an operand along the axes of the result, 0 where it is broadcast.
std::array<int64_t, Shape::max_rank> strides_along(const Shape& operand, const Shape& result) {
  std::array<int64_t, Shape::max_rank> strides{};
  int64_t stride = 1;
  for (int axis = 0; axis < operand.rank(); ++axis) {
    const int64_t length = operand[-1 - axis];
    const auto at = static_cast<size_t>(result.rank() - 1 - axis);
    strides[at] = length == 1 ? 0 : stride;
    stride *= length;
  }
  return strides;
}

}  // namespace

BroadcastLoops broadcast_loops(const Shape& a, const Shape& b, const Shape& y) {
  const auto along_a = strides_along(a, y);
  const auto along_b = strides_along(b, y);
  BroadcastLoops loops;
  size_t count = 0;  // built innermost first, turned round at the end
  for (int axis = y.rank() - 1; axis >= 0; --axis) {
    const auto i = static_cast<size_t>(axis);
    if (y[axis] == 1) continue;
    if (count > 0 && along_a[i] == loops.size[count - 1] * loops.a[count - 1] &&
        along_b[i] == loops.size[count - 1] * loops.b[count - 1]) {
      loops.size[count - 1] *= y[axis];
      continue;
    }
    loops.size[count] = y[axis];
    loops.a[count] = along_a[i];
    loops.b[count] = along_b[i];
    ++count;
  }
  loops.rank = std::max(1, static_cast<int>(count));
  std::reverse(loops.size.begin(), loops.size.begin() + loops.rank);
  std::reverse(loops.a.begin(), loops.a.begin() + loops.rank);
  std::reverse(loops.b.begin(), loops.b.begin() + loops.rank);
  return loops;
}

}  // namespace tandem
