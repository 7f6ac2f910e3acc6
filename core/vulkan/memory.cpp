#include "core/vulkan/memory.h"

#include "core/out_of_memory.h"
#include "core/vulkan/device_info.h"

#include <algorithm>

namespace tandem {

namespace {

// The type of memory with all of `required` and, where there is one, all of `preferred` as well.
uint32_t memory_type(VulkanContext& context, uint32_t allowed, VkMemoryPropertyFlags required,
                     VkMemoryPropertyFlags preferred, std::string_view label) {
  VkPhysicalDeviceMemoryProperties properties{};
  vkGetPhysicalDeviceMemoryProperties(context.physical_device(), &properties);
  for (const VkMemoryPropertyFlags wanted : {required | preferred, required}) {
    for (uint32_t i = 0; i < properties.memoryTypeCount; ++i) {
      const bool fits = (properties.memoryTypes[i].propertyFlags & wanted) == wanted;
      if (fits && (allowed >> i & 1) != 0) return i;
    }
  }
  fail<DeviceError>("vulkan: {} has no suitable type of memory for {}; choose another device.",
                    context.info().name, label);
}

// How much memory the device has, and has left where its driver says so.
std::string what_is_free(const VulkanContext& context) {
  const DeviceInfo now =
      describe(context.instance(), context.physical_device(), context.info().index);
  const std::string total = fmt::format("; it has {} bytes", now.memory_bytes);
  if (now.memory_free_bytes == 0) return total;
  return fmt::format("{}, of which {} are free", total, now.memory_free_bytes);
}

BackedBuffer make_buffer(VulkanContext& context, size_t bytes, VkBufferUsageFlags usage,
                         VkMemoryPropertyFlags required, VkMemoryPropertyFlags preferred,
                         std::string_view label) {
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = std::max<VkDeviceSize>((bytes + 63) / 64 * 64, 64);
  info.usage = usage;
  info.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  VkBuffer buffer = VK_NULL_HANDLE;
  TANDEM_VK(vkCreateBuffer(context.device(), &info, nullptr, &buffer), label);
  OwnedBuffer owned(context.device(), buffer);

  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(context.device(), buffer, &needs);
  VkMemoryAllocateInfo allocate{};
  allocate.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  allocate.allocationSize = needs.size;
  allocate.memoryTypeIndex = memory_type(context, needs.memoryTypeBits, required, preferred, label);
  VkDeviceMemory memory = VK_NULL_HANDLE;
  const VkResult result = vkAllocateMemory(context.device(), &allocate, nullptr, &memory);
  if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY) {
    fail<OutOfMemoryError>(
        "vulkan: {} gave {} for {} bytes of memory for {}{}; use a smaller batch or "
        "another device.",
        context.info().name, name_of(result), bytes, label, what_is_free(context));
  }
  check(result, "vkAllocateMemory", label);
  BackedBuffer backed{{context.device(), memory}, std::move(owned)};
  TANDEM_VK(vkBindBufferMemory(context.device(), buffer, memory, 0), label);
  return backed;
}

// The most that one allocation may have, so that a wish beyond it is refused before it is tried.
uint64_t largest_allocation(VulkanContext& context) {
  VkPhysicalDeviceMaintenance3Properties maintenance{};
  maintenance.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &maintenance;
  vkGetPhysicalDeviceProperties2(context.physical_device(), &properties);
  return std::min<uint64_t>(maintenance.maxMemoryAllocationSize, context.info().memory_bytes);
}

BackedBuffer make_storage(VulkanContext& context, size_t bytes, std::string_view label) {
  const uint64_t most = largest_allocation(context);
  if (bytes > most) {
    fail<OutOfMemoryError>(
        "vulkan: {} bytes of memory were asked for {} but {} gives at most {} in "
        "one block; use a smaller batch or another device.",
        bytes, label, context.info().name, most);
  }
  return make_buffer(context, bytes,
                     VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                         VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                     VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0, label);
}

}  // namespace

VulkanMemory::VulkanMemory(VulkanContext& context, size_t bytes, std::string_view label)
    : Memory(bytes), context_(context), backed_(make_storage(context, bytes, label)) {
  context.run_once(
      [&](VkCommandBuffer commands) { vkCmdFillBuffer(commands, buffer(), 0, VK_WHOLE_SIZE, 0); },
      label);
}

VulkanMemory::~VulkanMemory() { context_.queue().drain(); }

VulkanMemory& vulkan_memory(const VulkanContext& context, const BufferRange& range,
                            std::string_view who) {
  auto* memory = dynamic_cast<VulkanMemory*>(range.memory);
  if (memory == nullptr || &memory->context() != &context) {
    fail<DeviceError>(
        "{}: a buffer range without memory of {} was given; allocate it from the "
        "device that runs it.",
        who, context.info().name);
  }
  if (range.offset > memory->bytes() || range.bytes > memory->bytes() - range.offset) {
    fail<DeviceError>("{}: bytes {} to {} were given of a block of {}.", who, range.offset,
                      range.offset + range.bytes, memory->bytes());
  }
  return *memory;
}

HostBuffer::HostBuffer(VulkanContext& context, size_t bytes, bool read_back, std::string_view label)
    : backed_(make_buffer(
          context, bytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
          VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
          read_back ? VK_MEMORY_PROPERTY_HOST_CACHED_BIT : 0, label)) {
  void* address = nullptr;
  TANDEM_VK(vkMapMemory(context.device(), backed_.memory.get(), 0, VK_WHOLE_SIZE, 0, &address),
            label);
  data_ = static_cast<std::byte*>(address);
}

}  // namespace tandem
