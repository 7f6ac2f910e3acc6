// An opened Vulkan device: what its memory, pipelines and recordings share.
#pragma once

#include "core/device.h"
#include "core/vulkan/instance.h"
#include "core/vulkan/queue.h"

#include <functional>
#include <memory>
#include <optional>

namespace tandem {

// The VkDevice itself. Apart from VulkanContext so that it goes last.
class LogicalDevice {
 public:
  // Enables the features that the baseline needs and those optional ones that `info` reports.
  LogicalDevice(VkPhysicalDevice physical, uint32_t queue_family, const DeviceInfo& info);
  ~LogicalDevice();
  LogicalDevice(const LogicalDevice&) = delete;
  LogicalDevice& operator=(const LogicalDevice&) = delete;

  VkDevice get() const { return device_; }

 private:
  VkDevice device_ = VK_NULL_HANDLE;
};

// Not thread-safe.
class VulkanContext {
 public:
  // Throws DeviceError if there is no such device or it is below the baseline (Vulkan 1.2 with
  // timeline semaphores and a compute queue).
  VulkanContext(int index, const DeviceOptions& options);
  ~VulkanContext();

  VkInstance instance() const { return instance_->get(); }
  VkDevice device() const { return device_->get(); }
  VkPhysicalDevice physical_device() const { return physical_; }
  const DeviceInfo& info() const { return info_; }
  const VkPhysicalDeviceProperties& properties() const { return properties_; }
  VulkanQueue& queue() { return *queue_; }

  // Bits of a timestamp that count, 0 if the queue takes none; seconds of one tick.
  uint32_t timestamp_bits() const { return timestamp_bits_; }
  double seconds_per_tick() const { return properties_.limits.timestampPeriod * 1e-9; }

  // A pool whose command buffers can be reset one by one.
  OwnedCommandPool make_command_pool() const;

  // Throws DeviceError if the validation layers have complained.
  void raise_messages() const { instance_->raise_messages(); }

  // Records commands with `fill`, runs them after all that was submitted, and waits.
  void run_once(const std::function<void(VkCommandBuffer)>& fill, std::string_view purpose);

 private:
  std::shared_ptr<VulkanInstance> instance_;
  VkPhysicalDevice physical_ = VK_NULL_HANDLE;
  VkPhysicalDeviceProperties properties_{};
  DeviceInfo info_;
  uint32_t queue_family_ = 0;
  uint32_t timestamp_bits_ = 0;
  std::optional<LogicalDevice> device_;
  std::optional<VulkanQueue> queue_;
  OwnedCommandPool once_pool_;
  VkCommandBuffer once_ = VK_NULL_HANDLE;
};

// A command buffer from a pool.
VkCommandBuffer allocate_commands(VkDevice device, VkCommandPool pool);

// Starts and ends recording of a command buffer.
void begin_commands(VkCommandBuffer commands, VkCommandBufferUsageFlags usage);
void end_commands(VkCommandBuffer commands);

// Makes writes of earlier commands visible to later ones.
void memory_barrier(VkCommandBuffer commands, VkPipelineStageFlags from, VkAccessFlags writes,
                    VkPipelineStageFlags to, VkAccessFlags accesses);

}  // namespace tandem
