// What a physical device is and can do, asked of its driver.
#pragma once

#include "core/device.h"
#include "core/vulkan/vk.h"

namespace tandem {

// Every Vulkan field of DeviceInfo; sets its KernelTraits. A driver older than Vulkan 1.2 gives the
// fields of 1.0.
DeviceInfo describe(VkInstance instance, VkPhysicalDevice device, int index);

// Whether kernels can ask for full subgroups of the size that DeviceInfo tells.
bool has_full_subgroups(VkPhysicalDevice device);

// Whether the device offers that extension.
bool has_device_extension(VkPhysicalDevice device, const char* name);

}  // namespace tandem
