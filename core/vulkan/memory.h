// Blocks of device memory and of mapped host memory, one buffer each.
#pragma once

#include "core/vulkan/context.h"

namespace tandem {

// A buffer with memory of its own.
struct BackedBuffer {
  OwnedDeviceMemory memory;
  OwnedBuffer buffer;
};

// Storage on the device. The buffer is padded to a multiple of 64 bytes, so that a binding may be
// rounded up to whole vectors.
class VulkanMemory final : public Memory {
 public:
  // Zero-filled. Throws DeviceError if there is not enough; `label` says what it is for.
  VulkanMemory(VulkanContext& context, size_t bytes, std::string_view label);
  ~VulkanMemory() override;

  VkBuffer buffer() const { return backed_.buffer.get(); }
  const VulkanContext& context() const { return context_; }

 private:
  VulkanContext& context_;
  BackedBuffer backed_;
};

// The block behind a range. Throws DeviceError named `who` if the range is not within a block of
// this device.
VulkanMemory& vulkan_memory(const VulkanContext& context, const BufferRange& range,
                            std::string_view who);

// Coherent host memory that the device copies from or to; mapped all the time.
class HostBuffer {
 public:
  // With `read_back` it is cached where that is to be had, for the host to read from.
  HostBuffer(VulkanContext& context, size_t bytes, bool read_back, std::string_view label);

  std::byte* data() const { return data_; }
  VkBuffer buffer() const { return backed_.buffer.get(); }

 private:
  BackedBuffer backed_;
  std::byte* data_ = nullptr;
};

}  // namespace tandem
