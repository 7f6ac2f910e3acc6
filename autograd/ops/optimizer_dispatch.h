// The optimizer's passes on Vulkan: shaders/optim, cut where an arena is larger than one binding.
#pragma once

#include "autograd/op.h"

namespace tandem {

// Bytes of scratch that the norm of `count` elements wants.
size_t norm_scratch(const DeviceInfo& device, int64_t count);

// Bindings as the ops "gradient_norm", "adamw" and "sgd" have them.
std::vector<Dispatch> norm_dispatches(const VulkanBinding& binding);
std::vector<Dispatch> adamw_dispatches(const VulkanBinding& binding);
std::vector<Dispatch> sgd_dispatches(const VulkanBinding& binding);

}  // namespace tandem
