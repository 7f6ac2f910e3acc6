// The element-wise non-linearities that models use, and kernels fuse.
#pragma once

#include <cstdint>

namespace tandem {

// The values are specialization constants of shaders (shaders/common/activation.glsl).
enum class Activation : uint8_t { none, gelu, gelu_tanh, quick_gelu, relu, silu, sigmoid };

}  // namespace tandem
