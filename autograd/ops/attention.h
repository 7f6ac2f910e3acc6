// Multi-head attention, fused.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// softmax(q k' / sqrt(D)) v for every sample and head. qkv [N, T, 3C] f32: thirds q, k and v, each
// with its heads side by side, D = C / heads; causal: a token sees no later one. Returns [N, T, C].
// Throws ShapeError.
Tensor attention(Tensor qkv, int64_t heads, bool causal);

}  // namespace tandem
