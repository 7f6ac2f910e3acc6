// The connection to the Vulkan loader, with or without validation layers.
#pragma once

#include "core/device.h"
#include "core/vulkan/vk.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tandem {

enum class Validation { off, on, synchronization };

// What the options or the environment variable TANDEM_VALIDATION ("1" or "sync") ask for,
// whichever is more.
Validation validation_of(const DeviceOptions& options);

class VulkanInstance {
 public:
  // Throws DeviceError if there is no driver, or no validation layer where one is asked for.
  explicit VulkanInstance(Validation validation);
  ~VulkanInstance();
  VulkanInstance(const VulkanInstance&) = delete;
  VulkanInstance& operator=(const VulkanInstance&) = delete;

  // The process's instance of that kind, made when first asked for and kept: drivers do not like
  // to be loaded and unloaded again and again.
  static std::shared_ptr<VulkanInstance> shared(Validation validation);

  VkInstance get() const { return instance_; }

  // In the loader's order. A position in it is DeviceInfo::index.
  std::vector<VkPhysicalDevice> physical_devices() const;

  // Throws DeviceError with what the validation layers said since the last call, if anything.
  void raise_messages();

 private:
  static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                   VkDebugUtilsMessageTypeFlagsEXT types,
                                                   const VkDebugUtilsMessengerCallbackDataEXT* data,
                                                   void* instance);
  VkDebugUtilsMessengerCreateInfoEXT messenger_info();

  VkInstance instance_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
  std::mutex mutex_;  // drivers may call back from their own threads
  std::vector<std::string> messages_;
};

}  // namespace tandem
