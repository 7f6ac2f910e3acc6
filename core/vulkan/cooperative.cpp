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

// VkCooperativeMatrixFlexibleDimensionsPropertiesNV, likewise.
struct FlexibleProperties {
  VkStructureType sType = static_cast<VkStructureType>(1000593001);
  void* pNext = nullptr;
  uint32_t m = 0, n = 0, k = 0;
  uint32_t a = 0, b = 0, c = 0, result = 0;
  VkBool32 saturating = VK_FALSE;
  uint32_t scope = 0;
  uint32_t invocations = 0;
};

// Of VkComponentTypeKHR and VkScopeKHR.
constexpr uint32_t component_f16 = 0;
constexpr uint32_t component_f32 = 1;
constexpr uint32_t component_bf16 = 1000141000;
constexpr uint32_t scope_workgroup = 2;
constexpr uint32_t scope_subgroup = 3;

// All that the driver's function of that name tells.
template <class Properties>
std::vector<Properties> driver_shapes(VkInstance instance, VkPhysicalDevice device,
                                      const char* function) {
  using Get = VkResult(VKAPI_PTR*)(VkPhysicalDevice, uint32_t*, Properties*);
  const auto get = reinterpret_cast<Get>(vkGetInstanceProcAddr(instance, function));
  uint32_t count = 0;
  if (get == nullptr || get(device, &count, nullptr) != VK_SUCCESS) return {};
  std::vector<Properties> all(count);
  if (get(device, &count, all.data()) < 0) return {};
  all.resize(count);
  return all;
}

// The factors' type, if it is one that training uses.
template <class Properties>
std::optional<DType> type_of(const Properties& shape, uint32_t scope) {
  if (shape.scope != scope || shape.a != shape.b) return std::nullopt;
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
  bool workgroup = false;
};

Needs needs_of(VkPhysicalDevice device) {
  CooperativeFeatures matrices;
  Bfloat16Features bfloat16;
  WorkgroupFeatures workgroup;
  VkPhysicalDeviceVulkan12Features features12{};
  features12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  features12.pNext = &matrices;
  if (has_device_extension(device, bfloat16_extension)) matrices.pNext = &bfloat16;
  if (has_device_extension(device, workgroup_extension)) {
    workgroup.pNext = matrices.pNext;
    matrices.pNext = &workgroup;
  }
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &features12;
  vkGetPhysicalDeviceFeatures2(device, &features);
  return {.memory_model = features12.vulkanMemoryModel == VK_TRUE,
          .f16 = features12.shaderFloat16 == VK_TRUE,
          .bf16 = bfloat16.shaderBFloat16Type == VK_TRUE &&
                  bfloat16.shaderBFloat16CooperativeMatrix == VK_TRUE,
          .matrices = matrices.cooperativeMatrix == VK_TRUE,
          .workgroup = workgroup.suffices()};
}

bool has_kernels(DType type, const Needs& needs, std::string_view family) {
  if (!(type == DType::f16 ? needs.f16 : needs.bf16)) return false;
  return !embedded_spirv(fmt::format("{}_{}", family, name_of(type))).empty();
}

void describe_subgroup(VkInstance instance, VkPhysicalDevice device, const Needs& needs,
                       KernelTraits& traits) {
  for (const MatrixProperties& shape : driver_shapes<MatrixProperties>(
           instance, device, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR")) {
    const std::optional<DType> type = type_of(shape, scope_subgroup);
    if (!type || !has_kernels(*type, needs, "matmul_cooperative")) continue;
    const CooperativeShape found{*type, shape.m, shape.n, shape.k};
    const auto& known = traits.cooperative;
    if (std::find(known.begin(), known.end(), found) != known.end()) continue;
    traits.cooperative.push_back(found);
  }
}

void describe_workgroup(VkInstance instance, VkPhysicalDevice device, const Needs& needs,
                        KernelTraits& traits) {
  for (const FlexibleProperties& shape : driver_shapes<FlexibleProperties>(
           instance, device,
           "vkGetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV")) {
    const std::optional<DType> type = type_of(shape, scope_workgroup);
    if (!type || !has_kernels(*type, needs, "matmul_workgroup")) continue;
    traits.workgroup.push_back({*type, shape.m, shape.n, shape.k, shape.invocations});
  }
}

}  // namespace

void describe_cooperative(VkInstance instance, VkPhysicalDevice device, DeviceInfo& info,
                          KernelTraits& traits) {
  if (!has_device_extension(device, cooperative_extension)) return;
  const Needs needs = needs_of(device);
  info.cooperative_matrix = needs.matrices;
  if (!needs.matrices || !needs.memory_model || !has_full_subgroups(device)) return;
  describe_subgroup(instance, device, needs, traits);
  const bool has_1_3 = info.api_version >= VK_API_VERSION_1_3;
  if (needs.workgroup && has_1_3 && info.storage_16bit) {
    describe_workgroup(instance, device, needs, traits);
  }
}

CooperativeEnable::CooperativeEnable(const KernelTraits& traits, void* next) : first_(next) {
  if (traits.cooperative.empty() && traits.workgroup.empty()) return;
  matrices_.cooperativeMatrix = VK_TRUE;
  chain(&matrices_, &matrices_.pNext, cooperative_extension);
  if (!traits.workgroup.empty()) {
    workgroup_.workgroupScope = workgroup_.flexibleDimensions = VK_TRUE;
    workgroup_.perElementOperations = workgroup_.tensorAddressing = VK_TRUE;
    chain(&workgroup_, &workgroup_.pNext, workgroup_extension);
  }
  const auto is_bf16 = [](const auto& shape) { return shape.type == DType::bf16; };
  if (std::any_of(traits.cooperative.begin(), traits.cooperative.end(), is_bf16) ||
      std::any_of(traits.workgroup.begin(), traits.workgroup.end(), is_bf16)) {
    bfloat16_.shaderBFloat16Type = bfloat16_.shaderBFloat16CooperativeMatrix = VK_TRUE;
    chain(&bfloat16_, &bfloat16_.pNext, bfloat16_extension);
  }
}

void CooperativeEnable::chain(void* features, void** its_next, const char* extension) {
  *its_next = first_;
  first_ = features;
  extensions_.push_back(extension);
}

}  // namespace tandem
