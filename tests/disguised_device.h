// A software Vulkan device that says it is a GPU, so that the kernels that only GPUs are given
// are tested without one.
#pragma once

#include "core/device.h"

#include <utility>

namespace tandem {

class DisguisedDevice final : public Device {
 public:
  // The device must outlive this.
  explicit DisguisedDevice(Device& device) : device_(device), info_(device.info()) {
    info_.kind = "discrete";
    info_.name += " as a GPU";
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
