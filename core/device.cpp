#include "core/device.h"

#include "core/cpu/cpu_device.h"
#include "core/error.h"
#include "core/find_device.h"
#include "core/vulkan/vulkan_device.h"

#include <algorithm>
#include <cctype>

namespace tandem {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool is_index(std::string_view text) {
  return !text.empty() && text.size() < 4 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool fits(const DeviceInfo& info, std::string_view wanted) {
  if (wanted.empty()) return true;
  if (is_index(wanted)) return info.index == std::stoi(std::string(wanted));
  return info.uuid == lower(wanted) || lower(info.name).find(lower(wanted)) != std::string::npos;
}

// Vulkan 1.2, packed as DeviceInfo has it.
constexpr uint32_t oldest_vulkan = (1u << 22) | (2u << 12);

// The Vulkan device that `auto` takes, or null for the CPU.
const DeviceInfo* best_gpu(const std::vector<DeviceInfo>& devices) {
  for (const char* kind : {"discrete", "integrated"}) {
    for (const DeviceInfo& info : devices) {
      if (info.kind == kind && info.api_version >= oldest_vulkan) return &info;
    }
  }
  return nullptr;
}

[[noreturn]] void refuse(std::string_view name, const std::vector<DeviceInfo>& devices) {
  std::string known = "auto, cpu";
  for (const DeviceInfo& info : devices) {
    known += fmt::format(", vulkan:{} ({})", info.index, info.name);
  }
  if (devices.empty()) known += "; no Vulkan driver was found (Debian: mesa-vulkan-drivers)";
  fail<ConfigError>("device: '{}' is not here; there are {}.", name, known);
}

}  // namespace

std::vector<DeviceInfo> list_devices() {
  std::vector<DeviceInfo> devices = list_vulkan_devices();
  devices.insert(devices.begin(), cpu_info());
  return devices;
}

DeviceInfo find_device(std::string_view name) {
  if (name == "cpu") return cpu_info();
  const std::vector<DeviceInfo> devices = list_vulkan_devices();
  if (name == "auto") {
    const DeviceInfo* gpu = best_gpu(devices);
    return gpu == nullptr ? cpu_info() : *gpu;
  }
  if (name == "vulkan" || name.starts_with("vulkan:")) {
    const std::string_view wanted = name.substr(std::min<size_t>(name.size(), 7));
    for (const DeviceInfo& info : devices) {
      if (fits(info, wanted)) return info;
    }
  }
  refuse(name, devices);
}

std::unique_ptr<Device> open_device(std::string_view name, const DeviceOptions& options) {
  const int index = find_device(name).index;
  if (index < 0) return std::make_unique<CpuDevice>(options);
  return open_vulkan_device(index, options);
}

}  // namespace tandem
