// Reductions of f32 tensors over axes, and their counterpart, broadcasting. Orders of addition
// are fixed by the shapes. All throw ShapeError.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// Over the given axes (negative counts from the last; none given: all of them). Reduced axes go
// away, or stay with length 1 if `keep`.
Tensor sum(Tensor x, const std::vector<int>& axes = {}, bool keep = false);
Tensor mean(Tensor x, const std::vector<int>& axes = {}, bool keep = false);

// The gradient goes to the first of equal largest elements in row-major order.
Tensor max(Tensor x, const std::vector<int>& axes = {}, bool keep = false);

// x repeated to a shape that it broadcasts to (NumPy's rule).
Tensor broadcast_to(Tensor x, const Shape& shape);

// The counterpart of broadcast_to: factor * x summed over the axes along which `shape` was
// repeated to x's shape.
Tensor sum_to(Tensor x, const Shape& shape, double factor = 1.0);

}  // namespace tandem
