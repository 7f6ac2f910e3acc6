// The CPU backend: host memory and kernels that are host functions, run one after another, each
// spread over a team of threads.
#pragma once

#include "core/cpu/threads.h"
#include "core/device.h"

namespace tandem {

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(const DeviceOptions& options);

  const DeviceInfo& info() const override { return info_; }
  std::unique_ptr<Memory> allocate(size_t bytes, std::string_view label) override;
  void write(const BufferRange& to, const void* from) override;
  void read(const BufferRange& from, void* to) override;
  std::unique_ptr<Recording> record(std::vector<Kernel> kernels, std::vector<BufferRange> inputs,
                                    std::vector<BufferRange> outputs) override;

  Threads& threads() { return threads_; }

 private:
  Threads threads_;
  DeviceInfo info_;
};

// What list_devices() says of the CPU.
DeviceInfo cpu_info();

}  // namespace tandem
