// Arithmetic of two tensors with broadcasting (NumPy's rule). Throws ShapeError.
#pragma once

#include "autograd/graph.h"

namespace tandem {

Tensor add(Tensor a, Tensor b);

}  // namespace tandem
