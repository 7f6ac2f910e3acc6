// Kernels with their pipelines and descriptor sets, ready to be recorded.
#pragma once

#include "core/vulkan/memory.h"
#include "core/vulkan/pipelines.h"

namespace tandem {

struct BoundDispatch {
  size_t kernel = 0;  // position among the kernels
  Pipeline pipeline;
  VkDescriptorSet buffers = VK_NULL_HANDLE;
  std::vector<uint32_t> push;
  std::array<uint32_t, 3> workgroups{};
  bool barrier = false;  // it must see the writes, or come after the reads, of those before it
};

class BoundKernels {
 public:
  // Checks every dispatch against the device's limits; throws DeviceError naming the kernel.
  BoundKernels(VulkanContext& context, VulkanPipelines& pipelines,
               const std::vector<Kernel>& kernels);

  // Those with work to do, in order.
  const std::vector<BoundDispatch>& dispatches() const { return dispatches_; }

 private:
  void make_pool(VulkanContext& context, const std::vector<Kernel>& kernels);
  VkDescriptorSet bind(VulkanContext& context, const Dispatch& dispatch,
                       VkDescriptorSetLayout layout, std::string_view kernel);

  OwnedDescriptorPool pool_;
  std::vector<BoundDispatch> dispatches_;
};

// Records one dispatch, without a barrier.
void record_dispatch(VkCommandBuffer commands, const BoundDispatch& dispatch);

// Records a barrier between dispatches.
void compute_barrier(VkCommandBuffer commands);

}  // namespace tandem
