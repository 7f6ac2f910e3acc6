#include "core/vulkan/vulkan_device.h"

#include "core/error.h"

namespace tandem {

std::vector<DeviceInfo> list_vulkan_devices() { return {}; }

std::unique_ptr<Device> open_vulkan_device(int, const DeviceOptions&) {
  throw DeviceError("vulkan: not built yet.");
}

}  // namespace tandem
