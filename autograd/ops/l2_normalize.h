// Rows of unit length.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// y = x / max(|x|, epsilon) over the last axis; x, y [..., C], f32. Throws ShapeError.
Tensor l2_normalize(Tensor x, double epsilon = 1e-12);

}  // namespace tandem
