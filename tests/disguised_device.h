// A device that says it is another, such as a software Vulkan device that says it is a GPU: so
// kernels that only GPUs are given, or that small limits call for, are tested without one.
#pragma once

#include "core/device.h"

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
    return device_.record(std::move(kernels), std::move(inputs), std::move(outputs));
  }

 private:
  Device& device_;
  DeviceInfo info_;
};

}  // namespace tandem
