#include "core/vulkan/device_info.h"

#include "core/vulkan/cooperative.h"
#include "core/vulkan/tuning_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace tandem {

namespace {

const char* kind_of(VkPhysicalDeviceType type) {
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return "discrete";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return "integrated";
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return "software";
    default:
      return "virtual";
  }
}

std::string hexadecimal(const uint8_t (&bytes)[VK_UUID_SIZE]) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

void describe_limits(const VkPhysicalDeviceProperties& properties, DeviceInfo& info) {
  const VkPhysicalDeviceLimits& limits = properties.limits;
  info.kind = kind_of(properties.deviceType);
  info.name = properties.deviceName;
  info.driver = fmt::format("{:#x}", properties.driverVersion);
  info.api_version = properties.apiVersion;
  info.shared_memory_bytes = limits.maxComputeSharedMemorySize;
  info.max_workgroup_invocations = limits.maxComputeWorkGroupInvocations;
  std::copy_n(limits.maxComputeWorkGroupCount, 3, info.max_workgroups.begin());
  info.max_storage_range = limits.maxStorageBufferRange;
  info.storage_alignment =
      static_cast<size_t>(std::max<VkDeviceSize>(limits.minStorageBufferOffsetAlignment, 64));
}

// Sizes of the heaps that the device calls its own.
void describe_memory(VkPhysicalDevice device, DeviceInfo& info) {
  const bool has_budget = has_device_extension(device, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{};
  budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT;
  VkPhysicalDeviceMemoryProperties2 memory{};
  memory.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2;
  if (has_budget) memory.pNext = &budget;
  vkGetPhysicalDeviceMemoryProperties2(device, &memory);
  for (uint32_t i = 0; i < memory.memoryProperties.memoryHeapCount; ++i) {
    const VkMemoryHeap& heap = memory.memoryProperties.memoryHeaps[i];
    if ((heap.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) == 0) continue;
    info.memory_bytes += heap.size;
    if (has_budget && budget.heapBudget[i] > budget.heapUsage[i]) {
      info.memory_free_bytes += budget.heapBudget[i] - budget.heapUsage[i];
    }
  }
  info.unified_memory = info.kind == "integrated" || info.software();
}

void describe_features(VkPhysicalDevice device, DeviceInfo& info) {
  VkPhysicalDeviceVulkan12Features features12{};
  features12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  VkPhysicalDeviceVulkan11Features features11{};
  features11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  features11.pNext = &features12;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &features11;
  vkGetPhysicalDeviceFeatures2(device, &features);
  info.storage_16bit = features11.storageBuffer16BitAccess == VK_TRUE;
  info.arithmetic_f16 = features12.shaderFloat16 == VK_TRUE;
}

}  // namespace

bool has_full_subgroups(VkPhysicalDevice device) {
  if (!has_device_extension(device, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) return false;
  VkPhysicalDeviceSubgroupSizeControlFeatures sizes{};
  sizes.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &sizes;
  vkGetPhysicalDeviceFeatures2(device, &features);
  return sizes.subgroupSizeControl == VK_TRUE && sizes.computeFullSubgroups == VK_TRUE;
}

DeviceInfo describe(VkInstance instance, VkPhysicalDevice device, int index) {
  DeviceInfo info;
  info.backend = "vulkan";
  info.index = index;
  VkPhysicalDeviceProperties basic{};
  vkGetPhysicalDeviceProperties(device, &basic);
  describe_limits(basic, info);
  if (basic.apiVersion < VK_API_VERSION_1_2) return info;

  VkPhysicalDeviceSubgroupProperties subgroup{};
  subgroup.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES;
  VkPhysicalDeviceDriverProperties driver{};
  driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
  driver.pNext = &subgroup;
  VkPhysicalDeviceIDProperties identity{};
  identity.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES;
  identity.pNext = &driver;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &identity;
  vkGetPhysicalDeviceProperties2(device, &properties);
  info.uuid = hexadecimal(identity.deviceUUID);
  info.subgroup_size = std::max(1u, subgroup.subgroupSize);
  KernelTraits traits;
  traits.vendor = basic.vendorID;
  traits.subgroup_shuffles =
      (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT) != 0 &&
      (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0 &&
      info.subgroup_size % 4 == 0 && has_full_subgroups(device);
  info.driver = driver.driverName;
  if (driver.driverInfo[0] != '\0') info.driver += fmt::format(" {}", driver.driverInfo);
  describe_memory(device, info);
  describe_features(device, info);
  describe_cooperative(instance, device, info, traits);
  Tuning tuning = load_tuning(info);
  traits.tuned = std::move(tuning.kernels);
  traits.tuning_ignored = std::move(tuning.ignored);
  set_kernel_traits(info, traits);
  return info;
}

bool has_device_extension(VkPhysicalDevice device, const char* name) {
  uint32_t count = 0;
  vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> extensions(count);
  vkEnumerateDeviceExtensionProperties(device, nullptr, &count, extensions.data());
  return std::any_of(extensions.begin(), extensions.end(), [&](const auto& extension) {
    return std::strcmp(extension.extensionName, name) == 0;
  });
}

}  // namespace tandem
