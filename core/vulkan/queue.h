// The one queue of a device. All work on it forms one chain on a timeline semaphore: a batch
// starts when the one before it has ended and sees all that it wrote.
#pragma once

#include "core/vulkan/vk.h"

#include <span>
#include <vector>

namespace tandem {

// Command buffers that a driver gets as one piece.
using Batch = std::vector<VkCommandBuffer>;

class VulkanQueue {
 public:
  VulkanQueue(VkDevice device, uint32_t family);

  // Appends batches to the chain; returns the timeline's value at the end of the last, the others
  // having the values before. Throws DeviceError; `purpose` names the work in it.
  uint64_t submit(std::span<const Batch> batches, std::string_view purpose);

  // Waits until the timeline is at `value`; VK_ERROR_DEVICE_LOST is for the caller to explain.
  VkResult wait(uint64_t value) const;

  // Waits for all that was submitted; what a lost device says of it is ignored.
  void drain() const { wait(submitted_); }

  // The value at the end of the last batch submitted.
  uint64_t submitted() const { return submitted_; }

  // The value of the last batch that ended, as far as the driver says.
  uint64_t completed() const;

 private:
  VkDevice device_;
  VkQueue queue_ = VK_NULL_HANDLE;
  OwnedSemaphore timeline_;
  uint64_t submitted_ = 0;
};

}  // namespace tandem
