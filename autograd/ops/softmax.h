// Softmax over the last axis.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// y = exp(x) / sum of exp(x) over the last axis; x, y [..., C], f32. Throws ShapeError.
Tensor softmax(Tensor x);

}  // namespace tandem
