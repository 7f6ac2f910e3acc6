// Conversions of element types.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// x with elements of another type, rounded to nearest even: between f32 and bf16 or f16, and from
// i32 to f32. x itself if it is of that type. The gradient is cast back. Throws ShapeError for
// any other pair of types.
Tensor cast(Tensor x, DType dtype);

// The node that casts value `x` of a plan into value `y`, of type `dtype`.
Node cast_node(int x, int y, DType dtype);

}  // namespace tandem
