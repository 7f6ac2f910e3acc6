// LayerNorm.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// y [..., C] = gamma (x - mean(x)) / sqrt(variance(x) + epsilon) + beta over the last axis of
// x [..., C]; gamma, beta [C]. All f32. Throws ShapeError.
Tensor layer_norm(Tensor x, Tensor gamma, Tensor beta, double epsilon = 1e-5);

}  // namespace tandem
