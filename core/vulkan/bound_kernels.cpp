#include "core/vulkan/bound_kernels.h"

#include "core/error.h"
#include "core/vulkan/barriers.h"

#include <algorithm>

namespace tandem {

namespace {

void check_workgroups(const DeviceInfo& info, const Dispatch& dispatch, std::string_view kernel) {
  for (size_t axis = 0; axis < 3; ++axis) {
    if (dispatch.workgroups[axis] <= info.max_workgroups[axis]) continue;
    fail<DeviceError>(
        "{}: {} x {} x {} workgroups of {} were asked for but {} runs at most {} x {} "
        "x {}; let each workgroup stride over more.",
        kernel, dispatch.workgroups[0], dispatch.workgroups[1], dispatch.workgroups[2],
        dispatch.shader, info.name, info.max_workgroups[0], info.max_workgroups[1],
        info.max_workgroups[2]);
  }
}

void check_buffers(const VulkanContext& context, const Dispatch& dispatch,
                   std::string_view kernel) {
  const DeviceInfo& info = context.info();
  const uint32_t most = context.properties().limits.maxPerStageDescriptorStorageBuffers;
  if (dispatch.buffers.size() > most) {
    fail<DeviceError>("{}: {} binds {} buffers but {} takes at most {}; split the kernel.", kernel,
                      dispatch.shader, dispatch.buffers.size(), info.name, most);
  }
  for (size_t i = 0; i < dispatch.buffers.size(); ++i) {
    const BufferRange& range = dispatch.buffers[i];
    if (range.bytes == 0 || range.bytes > info.max_storage_range) {
      fail<DeviceError>("{}: buffer {} of {} has {} bytes but {} binds 1 to {} at a time; {}.",
                        kernel, i, dispatch.shader, range.bytes, info.name, info.max_storage_range,
                        range.bytes == 0 ? "bind any other buffer in its place"
                                         : "use a smaller batch or split the kernel");
    }
    if (range.offset % info.storage_alignment != 0) {
      fail<DeviceError>(
          "{}: buffer {} of {} starts at byte {}, which is no multiple of the {} that "
          "{} needs.",
          kernel, i, dispatch.shader, range.offset, info.storage_alignment, info.name);
    }
  }
}

void check_dispatch(const VulkanContext& context, const Dispatch& dispatch,
                    std::string_view kernel) {
  check_workgroups(context.info(), dispatch, kernel);
  check_buffers(context, dispatch, kernel);
  if (dispatch.push.size() > VulkanPipelines::max_push_words) {
    fail<DeviceError>(
        "{}: {} is given {} push-constant words but at most {} are allowed; put the "
        "rest into a buffer.",
        kernel, dispatch.shader, dispatch.push.size(), VulkanPipelines::max_push_words);
  }
}

bool has_work(const Dispatch& dispatch) {
  return std::all_of(dispatch.workgroups.begin(), dispatch.workgroups.end(),
                     [](uint32_t count) { return count > 0; });
}

}  // namespace

BoundKernels::BoundKernels(VulkanContext& context, VulkanPipelines& pipelines,
                           const std::vector<Kernel>& kernels) {
  make_pool(context, kernels);
  HazardTracker hazards;
  for (size_t i = 0; i < kernels.size(); ++i) {
    const Kernel& kernel = kernels[i];
    if (kernel.dispatches.empty() && kernel.host) {
      fail<DeviceError>("{}: it has host code but no shader to run on {}; use --device cpu.",
                        kernel.label, context.info().name);
    }
    for (const Dispatch& dispatch : kernel.dispatches) {
      if (!has_work(dispatch)) continue;
      check_dispatch(context, dispatch, kernel.label);
      BoundDispatch bound;
      bound.kernel = i;
      bound.pipeline = pipelines.get(dispatch, kernel.label);
      bound.buffers = bind(context, dispatch, bound.pipeline.set_layout, kernel.label);
      bound.push = dispatch.push;
      bound.workgroups = dispatch.workgroups;
      bound.barrier = hazards.needs_barrier(dispatch);
      dispatches_.push_back(std::move(bound));
    }
  }
}

void BoundKernels::make_pool(VulkanContext& context, const std::vector<Kernel>& kernels) {
  uint32_t sets = 1;
  VkDescriptorPoolSize buffers{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1};
  for (const Kernel& kernel : kernels) {
    for (const Dispatch& dispatch : kernel.dispatches) {
      ++sets;
      buffers.descriptorCount += static_cast<uint32_t>(dispatch.buffers.size());
    }
  }
  VkDescriptorPoolCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  info.maxSets = sets;
  info.poolSizeCount = 1;
  info.pPoolSizes = &buffers;
  VkDescriptorPool pool = VK_NULL_HANDLE;
  TANDEM_VK(vkCreateDescriptorPool(context.device(), &info, nullptr, &pool),
            "the descriptor sets of a recording");
  pool_ = {context.device(), pool};
}

VkDescriptorSet BoundKernels::bind(VulkanContext& context, const Dispatch& dispatch,
                                   VkDescriptorSetLayout layout, std::string_view kernel) {
  VkDescriptorSetAllocateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  info.descriptorPool = pool_.get();
  info.descriptorSetCount = 1;
  info.pSetLayouts = &layout;
  VkDescriptorSet set = VK_NULL_HANDLE;
  TANDEM_VK(vkAllocateDescriptorSets(context.device(), &info, &set), kernel);

  const size_t count = dispatch.buffers.size();
  std::vector<VkDescriptorBufferInfo> buffers(count);
  std::vector<VkWriteDescriptorSet> writes(count);
  for (size_t i = 0; i < count; ++i) {
    const BufferRange& range = dispatch.buffers[i];
    // Whole vectors of 16 bytes, so that shaders may load the last ones as such.
    const VkDeviceSize padded = (range.bytes + 15) / 16 * 16;
    buffers[i] = {vulkan_memory(context, range, kernel).buffer(), range.offset, padded};
    writes[i] = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                 .pNext = nullptr,
                 .dstSet = set,
                 .dstBinding = static_cast<uint32_t>(i),
                 .dstArrayElement = 0,
                 .descriptorCount = 1,
                 .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                 .pImageInfo = nullptr,
                 .pBufferInfo = &buffers[i],
                 .pTexelBufferView = nullptr};
  }
  vkUpdateDescriptorSets(context.device(), static_cast<uint32_t>(count), writes.data(), 0, nullptr);
  return set;
}

void record_dispatch(VkCommandBuffer commands, const BoundDispatch& dispatch) {
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, dispatch.pipeline.pipeline);
  vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, dispatch.pipeline.layout, 0, 1,
                          &dispatch.buffers, 0, nullptr);
  if (!dispatch.push.empty()) {
    vkCmdPushConstants(commands, dispatch.pipeline.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                       static_cast<uint32_t>(dispatch.push.size() * 4), dispatch.push.data());
  }
  vkCmdDispatch(commands, dispatch.workgroups[0], dispatch.workgroups[1], dispatch.workgroups[2]);
}

void compute_barrier(VkCommandBuffer commands) {
  memory_barrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
                 VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                 VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
}

}  // namespace tandem
