// The Vulkan kernels of attention; formulas in autograd/ops/attention.cpp.
#pragma once

#include "autograd/op.h"
#include "autograd/tuning.h"
#include "core/cpu/attention.h"

namespace tandem {

// How the rows of a head can be dealt to invocations; the gradient's passes are dealt alike.
Tunable tunable_attention(const cpu::AttentionShape& shape, bool gradient,
                          const DeviceInfo& device);

// Input qkv; outputs out, lse.
std::vector<Dispatch> attention_dispatches(const VulkanBinding& binding,
                                           const cpu::AttentionShape& shape);

// Inputs qkv, out, lse, dout; output dqkv; scratch as large as lse.
std::vector<Dispatch> attention_gradient_dispatches(const VulkanBinding& binding,
                                                    const cpu::AttentionShape& shape);

}  // namespace tandem
