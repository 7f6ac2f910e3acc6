// Arithmetic of two f32 tensors with broadcasting (NumPy's rule: axes are matched from the last;
// an axis of one, or a missing one, is repeated). Throws ShapeError.
#pragma once

#include "autograd/graph.h"

namespace tandem {

Tensor add(Tensor a, Tensor b);  // a + b
Tensor sub(Tensor a, Tensor b);  // a - b
Tensor mul(Tensor a, Tensor b);  // a * b
Tensor div(Tensor a, Tensor b);  // a / b

}  // namespace tandem
