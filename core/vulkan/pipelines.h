// Compute pipelines, made when first asked for and kept.
#pragma once

#include "core/vulkan/context.h"
#include "core/vulkan/shader_compiler.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace tandem {

// What a dispatch binds. Owned by VulkanPipelines.
struct Pipeline {
  VkPipeline pipeline = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkDescriptorSetLayout set_layout = VK_NULL_HANDLE;
};

class VulkanPipelines {
 public:
  // The most push-constant words that a dispatch may have: the least that every device takes.
  static constexpr size_t max_push_words = 32;

  // Shaders come from `shader_dir`, compiled here; from the program itself if it is empty.
  VulkanPipelines(VulkanContext& context, const std::string& shader_dir);

  // Writes the driver's cache to disk if anything was added to it.
  ~VulkanPipelines();

  // The pipeline of a shader with `buffers` storage buffers and these specialization words.
  // Throws DeviceError naming the kernel if the shader is unknown, can't be compiled, or is
  // refused by the driver.
  Pipeline get(const Dispatch& dispatch, std::string_view kernel);

 private:
  struct Layout {
    OwnedSetLayout set;
    OwnedPipelineLayout pipeline;
  };
  const Layout& layout(uint32_t buffers);
  VkShaderModule module(const std::string& shader, std::string_view kernel);
  OwnedPipeline make(const Dispatch& dispatch, std::string_view kernel, VkPipelineLayout layout);

  VulkanContext& context_;
  ShaderCompiler compiler_;
  OwnedPipelineCache cache_;
  bool cache_grew_ = false;
  std::map<uint32_t, Layout> layouts_;  // by number of buffers
  std::map<std::string, OwnedShaderModule> modules_;
  std::set<std::string> full_subgroups_;  // of the modules, those that need them
  std::map<std::tuple<std::string, uint32_t, std::vector<uint32_t>>, OwnedPipeline> pipelines_;
};

}  // namespace tandem
