// The Vulkan backend's entrance. Nothing outside core/vulkan sees a Vulkan type.
#pragma once

#include "core/device.h"

namespace tandem {

// Devices of every installed driver, in the loader's order; empty without a loader or driver.
std::vector<DeviceInfo> list_vulkan_devices();

// Opens the device with that index in list_vulkan_devices(). Throws DeviceError.
std::unique_ptr<Device> open_vulkan_device(int index, const DeviceOptions& options);

}  // namespace tandem
