// Cooperative matrices (VK_KHR_cooperative_matrix and VK_NV_cooperative_matrix2), whose structures
// older Vulkan headers lack (before 1.3.255 and 1.3.300); they are here under other names, with the
// registry's values.
#pragma once

#include "core/kernel_traits.h"
#include "core/vulkan/vk.h"

namespace tandem {

constexpr const char* cooperative_extension = "VK_KHR_cooperative_matrix";
constexpr const char* workgroup_extension = "VK_NV_cooperative_matrix2";
constexpr const char* bfloat16_extension = "VK_KHR_shader_bfloat16";

// VkPhysicalDeviceCooperativeMatrixFeaturesKHR
struct CooperativeFeatures {
  VkStructureType sType = static_cast<VkStructureType>(1000506000);
  void* pNext = nullptr;
  VkBool32 cooperativeMatrix = VK_FALSE;
  VkBool32 cooperativeMatrixRobustBufferAccess = VK_FALSE;
};

// VkPhysicalDeviceShaderBfloat16FeaturesKHR
struct Bfloat16Features {
  VkStructureType sType = static_cast<VkStructureType>(1000141000);
  void* pNext = nullptr;
  VkBool32 shaderBFloat16Type = VK_FALSE;
  VkBool32 shaderBFloat16DotProduct = VK_FALSE;
  VkBool32 shaderBFloat16CooperativeMatrix = VK_FALSE;
};

// VkPhysicalDeviceCooperativeMatrix2FeaturesNV
struct WorkgroupFeatures {
  VkStructureType sType = static_cast<VkStructureType>(1000593000);
  void* pNext = nullptr;
  VkBool32 workgroupScope = VK_FALSE;
  VkBool32 flexibleDimensions = VK_FALSE;
  VkBool32 reductions = VK_FALSE;
  VkBool32 conversions = VK_FALSE;
  VkBool32 perElementOperations = VK_FALSE;
  VkBool32 tensorAddressing = VK_FALSE;
  VkBool32 blockLoads = VK_FALSE;

  // Whether all that this program's kernels use is there.
  bool suffices() const {
    return workgroupScope == VK_TRUE && flexibleDimensions == VK_TRUE &&
           perElementOperations == VK_TRUE && tensorAddressing == VK_TRUE;
  }
};

// Fills DeviceInfo::cooperative_matrix and KernelTraits::cooperative: the sizes that the driver has
// for a whole subgroup, bf16 or f16 in and f32 out, and that this program has kernels for. Those
// need fp16 arithmetic or bf16, Vulkan's memory model, and subgroups of a size that can be asked
// for. KernelTraits::workgroup has the like for a workgroup, which need 16-bit storage and Vulkan
// 1.3 too.
void describe_cooperative(VkInstance instance, VkPhysicalDevice device, DeviceInfo& info,
                          KernelTraits& traits);

// What a logical device must enable for the kernels of those traits, to be chained before `next`.
// Must outlive the device's creation.
class CooperativeEnable {
 public:
  CooperativeEnable(const KernelTraits& traits, void* next);
  void* first() { return first_; }
  const std::vector<const char*>& extensions() const { return extensions_; }

 private:
  void chain(void* features, void** its_next, const char* extension);

  CooperativeFeatures matrices_;
  WorkgroupFeatures workgroup_;
  Bfloat16Features bfloat16_;
  void* first_;
  std::vector<const char*> extensions_;
};

}  // namespace tandem
