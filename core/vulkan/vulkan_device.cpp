#include "core/vulkan/vulkan_device.h"

#include "core/error.h"
#include "core/vulkan/context.h"
#include "core/vulkan/device_info.h"
#include "core/vulkan/memory.h"
#include "core/vulkan/pipelines.h"
#include "core/vulkan/recording.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tandem {

namespace {

// Copies of any size go through host memory of this size, piece by piece.
constexpr size_t staging_bytes = 16 << 20;

std::string shader_folder(const DeviceOptions& options) {
  if (!options.shader_dir.empty()) return options.shader_dir;
  const char* folder = std::getenv("TANDEM_SHADER_DIR");
  return folder == nullptr ? "" : folder;
}

class VulkanDevice final : public Device {
 public:
  VulkanDevice(int index, const DeviceOptions& options)
      : context_(index, options),
        pipelines_(context_, shader_folder(options)),
        staging_(context_, staging_bytes, true, "copies to and from the device") {}

  const DeviceInfo& info() const override { return context_.info(); }

  std::unique_ptr<Memory> allocate(size_t bytes, std::string_view label) override {
    auto memory = std::make_unique<VulkanMemory>(context_, bytes, label);
    context_.raise_messages();
    return memory;
  }

  void write(const BufferRange& to, const void* from) override {
    const VkBuffer buffer = vulkan_memory(context_, to, "write").buffer();
    const auto* source = static_cast<const std::byte*>(from);
    for_each_piece(to, [&](size_t offset, size_t bytes) {
      std::memcpy(staging_.data(), source + offset, bytes);
      copy(staging_.buffer(), 0, buffer, to.offset + offset, bytes);
    });
  }

  void read(const BufferRange& from, void* to) override {
    const VkBuffer buffer = vulkan_memory(context_, from, "read").buffer();
    auto* target = static_cast<std::byte*>(to);
    for_each_piece(from, [&](size_t offset, size_t bytes) {
      copy(buffer, from.offset + offset, staging_.buffer(), 0, bytes);
      std::memcpy(target + offset, staging_.data(), bytes);
    });
  }

  std::unique_ptr<Recording> record(std::vector<Kernel> kernels, std::vector<BufferRange> inputs,
                                    std::vector<BufferRange> outputs) override {
    return std::make_unique<VulkanRecording>(context_, pipelines_, std::move(kernels), inputs,
                                             outputs);
  }

 private:
  template <class Body>
  void for_each_piece(const BufferRange& range, Body&& body) {
    for (size_t offset = 0; offset < range.bytes; offset += staging_bytes) {
      body(offset, std::min(staging_bytes, range.bytes - offset));
    }
    context_.raise_messages();
  }

  // Runs after all that was submitted, and waits; the host may then read the target.
  void copy(VkBuffer from, size_t from_offset, VkBuffer to, size_t to_offset, size_t bytes) {
    context_.run_once(
        [&](VkCommandBuffer commands) {
          const VkBufferCopy region{from_offset, to_offset, bytes};
          vkCmdCopyBuffer(commands, from, to, 1, &region);
          memory_barrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
                         VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
        },
        "a copy between host and device");
  }

  VulkanContext context_;
  VulkanPipelines pipelines_;
  HostBuffer staging_;
};

}  // namespace

std::vector<DeviceInfo> list_vulkan_devices() {
  std::vector<DeviceInfo> devices;
  try {
    const auto instance = VulkanInstance::shared(Validation::off);
    for (const VkPhysicalDevice device : instance->physical_devices()) {
      devices.push_back(describe(instance->get(), device, static_cast<int>(devices.size())));
    }
  } catch (const DeviceError&) {
    return {};  // no loader or no driver: no devices
  }
  return devices;
}

std::unique_ptr<Device> open_vulkan_device(int index, const DeviceOptions& options) {
  return std::make_unique<VulkanDevice>(index, options);
}

}  // namespace tandem
