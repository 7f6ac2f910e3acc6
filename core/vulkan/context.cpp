#include "core/vulkan/context.h"

#include "core/error.h"
#include "core/vulkan/cooperative.h"
#include "core/vulkan/device_info.h"

namespace tandem {

namespace {

struct Family {
  uint32_t index;
  uint32_t timestamp_bits;
};

// A family that computes; one that doesn't draw as well is taken first, since its time limit for
// one submission is longer (amdgpu).
std::optional<Family> compute_family(VkPhysicalDevice device) {
  uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
  std::optional<Family> found;
  for (uint32_t i = 0; i < count; ++i) {
    if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) == 0) continue;
    const bool draws = (families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT) != 0;
    if (!found || !draws) found = Family{i, families[i].timestampValidBits};
    if (!draws) break;
  }
  return found;
}

bool has_timeline_semaphores(VkPhysicalDevice device) {
  VkPhysicalDeviceVulkan12Features features12{};
  features12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &features12;
  vkGetPhysicalDeviceFeatures2(device, &features);
  return features12.timelineSemaphore == VK_TRUE;
}

std::vector<const char*> optional_extensions(VkPhysicalDevice device) {
  std::vector<const char*> names;
  // "VK_KHR_portability_subset" must be enabled where it is offered (MoltenVK).
  for (const char* name :
       {"VK_KHR_portability_subset", VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME}) {
    if (has_device_extension(device, name)) names.push_back(name);
  }
  return names;
}

}  // namespace

LogicalDevice::LogicalDevice(VkPhysicalDevice physical, uint32_t queue_family,
                             const DeviceInfo& info) {
  std::vector<const char*> extensions = optional_extensions(physical);
  VkPhysicalDeviceSubgroupSizeControlFeatures subgroup{};
  subgroup.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES;
  VkPhysicalDeviceVulkan12Features features12{};
  features12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  features12.timelineSemaphore = VK_TRUE;
  features12.shaderFloat16 = info.arithmetic_f16 ? VK_TRUE : VK_FALSE;
  if (has_device_extension(physical, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) {
    VkPhysicalDeviceFeatures2 offered{};
    offered.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    offered.pNext = &subgroup;
    vkGetPhysicalDeviceFeatures2(physical, &offered);
    features12.pNext = &subgroup;  // all that is offered
  }
  CooperativeEnable cooperative(kernel_traits(info), features12.pNext);
  features12.pNext = cooperative.first();
  features12.vulkanMemoryModel = cooperative.extensions().empty() ? VK_FALSE : VK_TRUE;
  for (const char* name : cooperative.extensions()) extensions.push_back(name);
  VkPhysicalDeviceVulkan11Features features11{};
  features11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  features11.pNext = &features12;
  features11.storageBuffer16BitAccess = info.storage_16bit ? VK_TRUE : VK_FALSE;

  const float priority = 1;
  VkDeviceQueueCreateInfo queue{};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = queue_family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  VkDeviceCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  create.pNext = &features11;
  create.queueCreateInfoCount = 1;
  create.pQueueCreateInfos = &queue;
  create.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
  create.ppEnabledExtensionNames = extensions.data();
  TANDEM_VK(vkCreateDevice(physical, &create, nullptr, &device_), info.name);
}

LogicalDevice::~LogicalDevice() { vkDestroyDevice(device_, nullptr); }

VulkanContext::VulkanContext(int index, const DeviceOptions& options)
    : instance_(VulkanInstance::shared(validation_of(options))) {
  const std::vector<VkPhysicalDevice> devices = instance_->physical_devices();
  if (index < 0 || static_cast<size_t>(index) >= devices.size()) {
    fail<DeviceError>("vulkan: device {} was asked for but there are {}; see 'tandem devices'.",
                      index, devices.size());
  }
  physical_ = devices[static_cast<size_t>(index)];
  vkGetPhysicalDeviceProperties(physical_, &properties_);
  info_ = describe(instance_->get(), physical_, index);
  if (properties_.apiVersion < VK_API_VERSION_1_2) {
    fail<DeviceError>("vulkan: {} speaks Vulkan {}.{} but 1.2 is needed; update its driver ({}).",
                      info_.name, VK_API_VERSION_MAJOR(properties_.apiVersion),
                      VK_API_VERSION_MINOR(properties_.apiVersion), info_.driver);
  }
  const std::optional<Family> family = compute_family(physical_);
  if (!family || !has_timeline_semaphores(physical_)) {
    fail<DeviceError>("vulkan: {} has no {}; update its driver ({}) or choose another device.",
                      info_.name, family ? "timeline semaphores" : "compute queue", info_.driver);
  }
  queue_family_ = family->index;
  timestamp_bits_ = family->timestamp_bits;
  device_.emplace(physical_, queue_family_, info_);
  queue_.emplace(device(), queue_family_);
  once_pool_ = make_command_pool();
  once_ = allocate_commands(device(), once_pool_.get());
  raise_messages();
}

VulkanContext::~VulkanContext() {
  if (queue_) queue_->drain();
}

OwnedCommandPool VulkanContext::make_command_pool() const {
  VkCommandPoolCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  info.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
  info.queueFamilyIndex = queue_family_;
  VkCommandPool pool = VK_NULL_HANDLE;
  TANDEM_VK(vkCreateCommandPool(device(), &info, nullptr, &pool), "a pool of command buffers");
  return {device(), pool};
}

void VulkanContext::run_once(const std::function<void(VkCommandBuffer)>& fill,
                             std::string_view purpose) {
  begin_commands(once_, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
  fill(once_);
  end_commands(once_);
  const Batch batch{once_};
  check(queue_->wait(queue_->submit({&batch, 1}, purpose)), "vkWaitSemaphores", purpose);
}

VkCommandBuffer allocate_commands(VkDevice device, VkCommandPool pool) {
  VkCommandBufferAllocateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  info.commandPool = pool;
  info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  info.commandBufferCount = 1;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  TANDEM_VK(vkAllocateCommandBuffers(device, &info, &commands), "a command buffer");
  return commands;
}

void begin_commands(VkCommandBuffer commands, VkCommandBufferUsageFlags usage) {
  VkCommandBufferBeginInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  info.flags = usage;
  TANDEM_VK(vkBeginCommandBuffer(commands, &info), "a command buffer");
}

void end_commands(VkCommandBuffer commands) {
  TANDEM_VK(vkEndCommandBuffer(commands), "a command buffer");
}

void memory_barrier(VkCommandBuffer commands, VkPipelineStageFlags from, VkAccessFlags writes,
                    VkPipelineStageFlags to, VkAccessFlags accesses) {
  VkMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = writes;
  barrier.dstAccessMask = accesses;
  vkCmdPipelineBarrier(commands, from, to, 0, 1, &barrier, 0, nullptr, 0, nullptr);
}

}  // namespace tandem
