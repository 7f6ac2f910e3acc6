#include "core/permute.h"

#include <algorithm>

namespace tandem {

PermuteLoops permute_loops(const Shape& x, std::span<const int64_t> permutation) {
  PermuteLoops loops;
  size_t count = 0;  // built innermost first, turned round at the end
  for (size_t i = permutation.size(); i-- > 0;) {
    const int axis = static_cast<int>(permutation[i]);
    if (x[axis] == 1) continue;
    const int64_t stride = x.elements(axis + 1, x.rank());
    if (count > 0 && stride == loops.size[count - 1] * loops.stride[count - 1]) {
      loops.size[count - 1] *= x[axis];
      continue;
    }
    loops.size[count] = x[axis];
    loops.stride[count] = stride;
    ++count;
  }
  loops.rank = std::max(1, static_cast<int>(count));
  std::reverse(loops.size.begin(), loops.size.begin() + loops.rank);
  std::reverse(loops.stride.begin(), loops.stride.begin() + loops.rank);
  return loops;
}

}  // namespace tandem
