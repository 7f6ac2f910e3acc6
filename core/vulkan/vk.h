// Vulkan's header, owning handles and the check of a call's result.
#pragma once

#include <vulkan/vulkan.h>

#include <string_view>
#include <utility>

namespace tandem {

// "VK_ERROR_DEVICE_LOST" and the like.
std::string_view name_of(VkResult result);

// Throws DeviceError naming the call, its result and what it was for, unless it succeeded;
// DeviceLostError (core/device_lost.h) where the device is lost.
// Call sites write TANDEM_VK(vkFunction(...), "what for") so that the call names itself.
void check(VkResult result, std::string_view call, std::string_view purpose);

#define TANDEM_VK(call, purpose) ::tandem::check((call), #call, (purpose))

// Owns an object made from a VkDevice; the device must outlive it.
template <class Object, void (*destroy)(VkDevice, Object, const VkAllocationCallbacks*)>
class Owned {
 public:
  Owned() = default;
  Owned(VkDevice device, Object object) : device_(device), object_(object) {}
  Owned(Owned&& other) noexcept
      : device_(other.device_), object_(std::exchange(other.object_, VK_NULL_HANDLE)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~Owned() {
    if (object_ != VK_NULL_HANDLE) destroy(device_, object_, nullptr);
  }

  Object get() const { return object_; }

 private:
  VkDevice device_ = VK_NULL_HANDLE;
  Object object_ = VK_NULL_HANDLE;
};

using OwnedBuffer = Owned<VkBuffer, vkDestroyBuffer>;
using OwnedDeviceMemory = Owned<VkDeviceMemory, vkFreeMemory>;
using OwnedSemaphore = Owned<VkSemaphore, vkDestroySemaphore>;
using OwnedCommandPool = Owned<VkCommandPool, vkDestroyCommandPool>;
using OwnedDescriptorPool = Owned<VkDescriptorPool, vkDestroyDescriptorPool>;
using OwnedSetLayout = Owned<VkDescriptorSetLayout, vkDestroyDescriptorSetLayout>;
using OwnedPipelineLayout = Owned<VkPipelineLayout, vkDestroyPipelineLayout>;
using OwnedPipeline = Owned<VkPipeline, vkDestroyPipeline>;
using OwnedPipelineCache = Owned<VkPipelineCache, vkDestroyPipelineCache>;
using OwnedShaderModule = Owned<VkShaderModule, vkDestroyShaderModule>;
using OwnedQueryPool = Owned<VkQueryPool, vkDestroyQueryPool>;

}  // namespace tandem
