#include "core/vulkan/cooperative.h"

#include "core/vulkan/device_info.h"
#include "core/vulkan/spirv.h"

#include <algorithm>
#include <optional>

namespace tandem {

namespace {

// VkCooperativeMatrixPropertiesKHR, with numbers in place of its enumerations.
struct MatrixProperties {
  VkStructureType sType = static_cast<VkStructureType>(1000506001);
  void* pNext = nullptr;
  uint32_t m = 0, n = 0, k = 0;
  uint32_t a = 0, b = 0, c = 0, result = 0;
  VkBool32 saturating = VK_FALSE;
  uint32_t scope = 0;
};
using GetProperties = VkResult(VKAPI_PTR*)(VkPhysicalDevice, uint32_t*, MatrixProperties*);

// Of VkComponentTypeKHR and VkScopeKHR.
constexpr uint32_t component_f16 = 0;
constexpr uint32_t component_f32 = 1;
constexpr uint32_t component_bf16 = 1000141000;
constexpr uint32_t scope_subgroup = 3;

std::vector<MatrixProperties> driver_shapes(VkInstance instance, VkPhysicalDevice device) {
  const auto get = reinterpret_cast<GetProperties>(
      vkGetInstanceProcAddr(instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"));
  uint32_t count = 0;
  if (get == nullptr || get(device, &count, nullptr) != VK_SUCCESS) return {};
  std::vector<MatrixProperties> all(count);
  if (get(device, &count, all.data()) < 0) return {};
  all.resize(count);
  return all;
}

// The factors' type, if it is one that training uses.
std::optional<DType> type_of(const MatrixProperties& shape) {
  if (shape.scope != scope_subgroup || shape.a != shape.b) return std::nullopt;
  if (shape.c != component_f32 || shape.result != component_f32) return std::nullopt;
  if (shape.a == component_f16) return DType::f16;
  if (shape.a == component_bf16) return DType::bf16;
  return std::nullopt;
}

// What the kernels of each type need besides the matrices.
struct Needs {
  bool memory_model = false;
  bool f16 = false;
  bool bf16 = false;
  bool matrices = false;
};

Needs needs_of(VkPhysicalDevice device) {
  CooperativeFeatures matrices;
  Bfloat16Features bfloat16;
  VkPhysicalDeviceVulkan12Features features12{};
  features12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  features12.pNext = &matrices;
  if (has_device_extension(device, bfloat16_extension)) matrices.pNext = &bfloat16;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &features12;
  vkGetPhysicalDeviceFeatures2(device, &features);
  return {.memory_model = features12.vulkanMemoryModel == VK_TRUE,
          .f16 = features12.shaderFloat16 == VK_TRUE,
          .bf16 = bfloat16.shaderBFloat16Type == VK_TRUE &&
                  bfloat16.shaderBFloat16CooperativeMatrix == VK_TRUE,
          .matrices = matrices.cooperativeMatrix == VK_TRUE};
}

bool has_kernels(DType type, const Needs& needs) {
  if (type == DType::f16) return needs.f16 && !embedded_spirv("matmul_cooperative_f16").empty();
  return needs.bf16 && !embedded_spirv("matmul_cooperative_bf16").empty();
}

}  // namespace

void describe_cooperative(VkInstance instance, VkPhysicalDevice device, DeviceInfo& info,
                          KernelTraits& traits) {
  if (!has_device_extension(device, cooperative_extension)) return;
  const Needs needs = needs_of(device);
  info.cooperative_matrix = needs.matrices;
  if (!needs.matrices || !needs.memory_model || !has_full_subgroups(device)) return;
  for (const MatrixProperties& shape : driver_shapes(instance, device)) {
    const std::optional<DType> type = type_of(shape);
    if (!type || !has_kernels(*type, needs)) continue;
    const CooperativeShape found{*type, shape.m, shape.n, shape.k};
    const auto& known = traits.cooperative;
    if (std::find(known.begin(), known.end(), found) != known.end()) continue;
    traits.cooperative.push_back(found);
  }
}

CooperativeEnable::CooperativeEnable(const std::vector<CooperativeShape>& shapes, void* next)
    : first_(next) {
  if (shapes.empty()) return;
  matrices_.cooperativeMatrix = VK_TRUE;
  matrices_.pNext = first_;
  first_ = &matrices_;
  extensions_.push_back(cooperative_extension);
  const auto is_bf16 = [](const CooperativeShape& shape) { return shape.type == DType::bf16; };
  if (std::none_of(shapes.begin(), shapes.end(), is_bf16)) return;
  bfloat16_.shaderBFloat16Type = bfloat16_.shaderBFloat16CooperativeMatrix = VK_TRUE;
  bfloat16_.pNext = first_;
  first_ = &bfloat16_;
  extensions_.push_back(bfloat16_extension);
}

}  // namespace tandem
