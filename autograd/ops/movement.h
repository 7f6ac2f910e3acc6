// Putting elements elsewhere. f32 and i32 tensors; i32 has no gradient. All throw ShapeError.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// Tensors one after another along an axis (negative counts from the last); all other axes agree.
Tensor concat(const std::vector<Tensor>& parts, int axis);

// Elements [begin, end) along an axis.
Tensor slice(Tensor x, int axis, int64_t begin, int64_t end);

// Axis i of the result is axis permutation[i] of x.
Tensor transpose(Tensor x, const std::vector<int>& permutation);

// Row index[n] of every sample: x [N, T, C], index i32 [N] -> [N, C]. Indices beyond the range
// are taken as the nearest in it.
Tensor gather_rows(Tensor x, Tensor index);

}  // namespace tandem
