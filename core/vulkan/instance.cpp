#include "core/vulkan/instance.h"

#include "core/error.h"

#include <array>
#include <cstdlib>
#include <cstring>

namespace tandem {

namespace {

constexpr const char* validation_layer = "VK_LAYER_KHRONOS_validation";

bool has_layer(const char* name) {
  uint32_t count = 0;
  vkEnumerateInstanceLayerProperties(&count, nullptr);
  std::vector<VkLayerProperties> layers(count);
  vkEnumerateInstanceLayerProperties(&count, layers.data());
  for (const VkLayerProperties& layer : layers) {
    if (std::strcmp(layer.layerName, name) == 0) return true;
  }
  return false;
}

bool has_extension(const char* name) {
  uint32_t count = 0;
  vkEnumerateInstanceExtensionProperties(nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> extensions(count);
  vkEnumerateInstanceExtensionProperties(nullptr, &count, extensions.data());
  for (const VkExtensionProperties& extension : extensions) {
    if (std::strcmp(extension.extensionName, name) == 0) return true;
  }
  return false;
}

template <class Function>
Function load(VkInstance instance, const char* name) {
  return reinterpret_cast<Function>(vkGetInstanceProcAddr(instance, name));
}

}  // namespace

Validation validation_of(const DeviceOptions& options) {
  const char* variable = std::getenv("TANDEM_VALIDATION");
  const std::string_view wanted = variable == nullptr ? "" : variable;
  if (options.synchronization_validation || wanted == "sync") return Validation::synchronization;
  if (options.validation || (!wanted.empty() && wanted != "0")) return Validation::on;
  return Validation::off;
}

VulkanInstance::VulkanInstance(Validation validation) {
  const VkApplicationInfo application{.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                      .pNext = nullptr,
                                      .pApplicationName = "tandem",
                                      .applicationVersion = 1,
                                      .pEngineName = "tandem",
                                      .engineVersion = 1,
                                      .apiVersion = VK_API_VERSION_1_3};
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  std::vector<const char*> extensions;
  // MoltenVK's devices are listed only to those who know that it is not the whole of Vulkan.
  if (has_extension(VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME)) {
    extensions.push_back(VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
    info.flags |= VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
  }
  VkDebugUtilsMessengerCreateInfoEXT messenger = messenger_info();
  VkValidationFeaturesEXT features{};
  const VkValidationFeatureEnableEXT synchronization =
      VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
  if (validation != Validation::off) {
    if (!has_layer(validation_layer)) {
      fail<DeviceError>(
          "vulkan: validation was asked for but {} is not installed; install the "
          "Debian package vulkan-validationlayers.",
          validation_layer);
    }
    extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    info.enabledLayerCount = 1;
    info.ppEnabledLayerNames = &validation_layer;
    info.pNext = &messenger;  // hears what is said of vkCreateInstance itself
  }
  if (validation == Validation::synchronization) {
    extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
    features.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT;
    features.enabledValidationFeatureCount = 1;
    features.pEnabledValidationFeatures = &synchronization;
    messenger.pNext = &features;
  }
  info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  TANDEM_VK(vkCreateInstance(&info, nullptr, &instance_), "the connection to the Vulkan loader");
  if (validation != Validation::off) {
    messenger.pNext = nullptr;
    const auto create =
        load<PFN_vkCreateDebugUtilsMessengerEXT>(instance_, "vkCreateDebugUtilsMessengerEXT");
    TANDEM_VK(create(instance_, &messenger, nullptr, &messenger_), "the validation messages");
  }
}

VulkanInstance::~VulkanInstance() {
  if (messenger_ != VK_NULL_HANDLE) {
    load<PFN_vkDestroyDebugUtilsMessengerEXT>(instance_, "vkDestroyDebugUtilsMessengerEXT")(
        instance_, messenger_, nullptr);
  }
  vkDestroyInstance(instance_, nullptr);
}

std::shared_ptr<VulkanInstance> VulkanInstance::shared(Validation validation) {
  static std::mutex mutex;
  // Never destroyed: at the program's end drivers may have torn down what they would need for it.
  static auto& instances = *new std::array<std::shared_ptr<VulkanInstance>, 3>;
  const std::lock_guard lock(mutex);
  auto& instance = instances.at(static_cast<size_t>(validation));
  if (!instance) instance = std::make_shared<VulkanInstance>(validation);
  return instance;
}

std::vector<VkPhysicalDevice> VulkanInstance::physical_devices() const {
  uint32_t count = 0;
  TANDEM_VK(vkEnumeratePhysicalDevices(instance_, &count, nullptr), "the list of devices");
  std::vector<VkPhysicalDevice> devices(count);
  TANDEM_VK(vkEnumeratePhysicalDevices(instance_, &count, devices.data()), "the list of devices");
  devices.resize(count);
  return devices;
}

void VulkanInstance::raise_messages() {
  const std::lock_guard lock(mutex_);
  if (messages_.empty()) return;
  const std::string first = messages_.front();
  const size_t others = messages_.size() - 1;
  messages_.clear();
  fail<DeviceError>("vulkan: the validation layers say: {}{}", first,
                    others == 0 ? "" : fmt::format(" (and {} more)", others));
}

VkBool32 VulkanInstance::on_message(VkDebugUtilsMessageSeverityFlagBitsEXT,
                                    VkDebugUtilsMessageTypeFlagsEXT,
                                    const VkDebugUtilsMessengerCallbackDataEXT* data,
                                    void* instance) {
  auto* self = static_cast<VulkanInstance*>(instance);
  const std::lock_guard lock(self->mutex_);
  self->messages_.emplace_back(data->pMessage);
  return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT VulkanInstance::messenger_info() {
  VkDebugUtilsMessengerCreateInfoEXT info{};
  info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
  info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                         VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
  info.pfnUserCallback = on_message;
  info.pUserData = this;
  return info;
}

}  // namespace tandem
