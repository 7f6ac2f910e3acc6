#include "core/vulkan/pipelines.h"

#include "core/error.h"
#include "core/vulkan/pipeline_cache.h"
#include "core/vulkan/spirv.h"

namespace tandem {

VulkanPipelines::VulkanPipelines(VulkanContext& context, const std::string& shader_dir)
    : context_(context), compiler_(shader_dir), cache_(load_pipeline_cache(context)) {}

VulkanPipelines::~VulkanPipelines() {
  if (cache_grew_) save_pipeline_cache(context_, cache_.get());
}

Pipeline VulkanPipelines::get(const Dispatch& dispatch, std::string_view kernel) {
  const auto buffers = static_cast<uint32_t>(dispatch.buffers.size());
  const Layout& layout = this->layout(buffers);
  OwnedPipeline& pipeline = pipelines_[{dispatch.shader, buffers, dispatch.specialization}];
  if (pipeline.get() == VK_NULL_HANDLE) {
    pipeline = make(dispatch, kernel, layout.pipeline.get());
    cache_grew_ = true;
  }
  return {pipeline.get(), layout.pipeline.get(), layout.set.get()};
}

const VulkanPipelines::Layout& VulkanPipelines::layout(uint32_t buffers) {
  const auto found = layouts_.find(buffers);
  if (found != layouts_.end()) return found->second;
  std::vector<VkDescriptorSetLayoutBinding> bindings(buffers);
  for (uint32_t i = 0; i < buffers; ++i) {
    bindings[i] = {.binding = i,
                   .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                   .descriptorCount = 1,
                   .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
                   .pImmutableSamplers = nullptr};
  }
  VkDescriptorSetLayoutCreateInfo set_info{};
  set_info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  set_info.bindingCount = buffers;
  set_info.pBindings = bindings.data();
  VkDescriptorSetLayout set = VK_NULL_HANDLE;
  TANDEM_VK(vkCreateDescriptorSetLayout(context_.device(), &set_info, nullptr, &set),
            "the layout of a kernel's buffers");
  OwnedSetLayout owned(context_.device(), set);

  const VkPushConstantRange push{VK_SHADER_STAGE_COMPUTE_BIT, 0, max_push_words * 4};
  VkPipelineLayoutCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  info.setLayoutCount = 1;
  info.pSetLayouts = &set;
  info.pushConstantRangeCount = 1;
  info.pPushConstantRanges = &push;
  VkPipelineLayout pipeline = VK_NULL_HANDLE;
  TANDEM_VK(vkCreatePipelineLayout(context_.device(), &info, nullptr, &pipeline),
            "the layout of a pipeline");
  return layouts_
      .emplace(buffers, Layout{std::move(owned), OwnedPipelineLayout(context_.device(), pipeline)})
      .first->second;
}

namespace {

// Whether a module declares that it uses cooperative matrices, which whole subgroups hold, or
// exchanges values between lanes, whose places are known in full subgroups alone.
bool needs_full_subgroups(std::span<const uint32_t> words) {
  constexpr uint32_t op_capability = 2u << 16 | 17;
  constexpr uint32_t cooperative_matrix = 6022;
  constexpr uint32_t shuffle = 65;
  constexpr size_t header = 5;  // capabilities come right after it
  for (size_t i = header; i + 1 < words.size() && words[i] == op_capability; i += 2) {
    if (words[i + 1] == cooperative_matrix || words[i + 1] == shuffle) return true;
  }
  return false;
}

}  // namespace

VkShaderModule VulkanPipelines::module(const std::string& shader, std::string_view kernel) {
  OwnedShaderModule& module = modules_[shader];
  if (module.get() != VK_NULL_HANDLE) return module.get();
  std::vector<uint32_t> compiled;
  std::span<const uint32_t> words = embedded_spirv(shader);
  if (compiler_.enabled()) words = compiled = compiler_.compile(shader);
  if (words.empty()) {
    fail<DeviceError>("{}: there is no shader '{}'; add shaders/<family>/{}.comp and build again.",
                      kernel, shader, shader);
  }
  if (needs_full_subgroups(words)) full_subgroups_.insert(shader);
  VkShaderModuleCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  info.codeSize = words.size_bytes();
  info.pCode = words.data();
  VkShaderModule made = VK_NULL_HANDLE;
  check(vkCreateShaderModule(context_.device(), &info, nullptr, &made), "vkCreateShaderModule",
        fmt::format("shader {} of kernel {}", shader, kernel));
  module = {context_.device(), made};
  return made;
}

OwnedPipeline VulkanPipelines::make(const Dispatch& dispatch, std::string_view kernel,
                                    VkPipelineLayout layout) {
  const std::vector<uint32_t>& words = dispatch.specialization;
  std::vector<VkSpecializationMapEntry> entries(words.size());
  for (uint32_t i = 0; i < entries.size(); ++i) entries[i] = {i, i * 4, 4};
  const VkSpecializationInfo specialization{static_cast<uint32_t>(entries.size()), entries.data(),
                                            words.size() * 4, words.data()};
  VkComputePipelineCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module(dispatch.shader, kernel);
  info.stage.pName = "main";
  info.stage.pSpecializationInfo = &specialization;
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroups{};
  subgroups.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO;
  subgroups.requiredSubgroupSize = context_.info().subgroup_size;
  if (full_subgroups_.contains(dispatch.shader)) {
    info.stage.flags |= VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    info.stage.pNext = &subgroups;
  }
  info.layout = layout;
  VkPipeline pipeline = VK_NULL_HANDLE;
  check(vkCreateComputePipelines(context_.device(), cache_.get(), 1, &info, nullptr, &pipeline),
        "vkCreateComputePipelines", fmt::format("shader {} of kernel {}", dispatch.shader, kernel));
  return {context_.device(), pipeline};
}

}  // namespace tandem
