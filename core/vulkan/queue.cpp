#include "core/vulkan/queue.h"

#include <algorithm>

namespace tandem {

VulkanQueue::VulkanQueue(VkDevice device, uint32_t family) : device_(device) {
  vkGetDeviceQueue(device, family, 0, &queue_);
  VkSemaphoreTypeCreateInfo type{};
  type.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO;
  type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
  VkSemaphoreCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
  info.pNext = &type;
  VkSemaphore timeline = VK_NULL_HANDLE;
  TANDEM_VK(vkCreateSemaphore(device, &info, nullptr, &timeline), "the queue's timeline");
  timeline_ = {device, timeline};
}

uint64_t VulkanQueue::submit(std::span<const Batch> batches, std::string_view purpose) {
  const VkSemaphore timeline = timeline_.get();
  const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
  std::vector<uint64_t> values(batches.size() + 1);
  for (size_t i = 0; i < values.size(); ++i) values[i] = submitted_ + i;
  std::vector<VkTimelineSemaphoreSubmitInfo> points(batches.size());
  std::vector<VkSubmitInfo> infos(batches.size());
  for (size_t i = 0; i < batches.size(); ++i) {
    points[i] = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                 .pNext = nullptr,
                 .waitSemaphoreValueCount = 1,
                 .pWaitSemaphoreValues = &values[i],
                 .signalSemaphoreValueCount = 1,
                 .pSignalSemaphoreValues = &values[i + 1]};
    infos[i] = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                .pNext = &points[i],
                .waitSemaphoreCount = 1,
                .pWaitSemaphores = &timeline,
                .pWaitDstStageMask = &stage,
                .commandBufferCount = static_cast<uint32_t>(batches[i].size()),
                .pCommandBuffers = batches[i].data(),
                .signalSemaphoreCount = 1,
                .pSignalSemaphores = &timeline};
  }
  TANDEM_VK(
      vkQueueSubmit(queue_, static_cast<uint32_t>(infos.size()), infos.data(), VK_NULL_HANDLE),
      purpose);
  submitted_ += batches.size();
  return submitted_;
}

VkResult VulkanQueue::wait(uint64_t value) const {
  const VkSemaphore timeline = timeline_.get();
  VkSemaphoreWaitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO;
  info.semaphoreCount = 1;
  info.pSemaphores = &timeline;
  info.pValues = &value;
  return vkWaitSemaphores(device_, &info, ~0ull);
}

uint64_t VulkanQueue::completed() const {
  uint64_t value = 0;
  const VkResult result = vkGetSemaphoreCounterValue(device_, timeline_.get(), &value);
  return result == VK_SUCCESS ? std::min(value, submitted_) : 0;
}

}  // namespace tandem
