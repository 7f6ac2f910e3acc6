// A device that says it is another, such as a software Vulkan device that says it is a GPU: so
// kernels that only GPUs are given, or that small limits call for, are tested without one.
#pragma once

#include "core/device.h"
#include "core/error.h"

#include <utility>

namespace tandem {

class DisguisedDevice final : public Device {
 public:
  // The device must outlive this.
  DisguisedDevice(Device& device, DeviceInfo info) : device_(device), info_(std::move(info)) {}

  // What the device's info would be if it were a GPU.
  static DeviceInfo as_gpu(DeviceInfo info) {
    info.kind = "discrete";
    info.name += " as a GPU";
    return info;
  }

  const DeviceInfo& info() const override { return info_; }
  std::unique_ptr<Memory> allocate(size_t bytes, std::string_view label) override {
    return device_.allocate(bytes, label);
  }
  void write(const BufferRange& to, const void* from) override { device_.write(to, from); }
  void read(const BufferRange& from, void* to) override { device_.read(from, to); }
  std::unique_ptr<Recording> record(std::vector<Kernel> kernels, std::vector<BufferRange> inputs,
                                    std::vector<BufferRange> outputs) override {
    for (const Kernel& kernel : kernels) require_bindings(kernel);
    return device_.record(std::move(kernels), std::move(inputs), std::move(outputs));
  }

 private:
  // Throws DeviceError for a binding that is longer than the device says it may be.
  void require_bindings(const Kernel& kernel) const {
    for (const Dispatch& dispatch : kernel.dispatches) {
      for (const BufferRange& range : dispatch.buffers) {
        if (range.bytes <= info_.max_storage_range) continue;
        fail<DeviceError>("{}: {} binds {} bytes but {} is the most.", kernel.label,
                          dispatch.shader, range.bytes, info_.max_storage_range);
      }
    }
  }

  Device& device_;
  DeviceInfo info_;
};

}  // namespace tandem
