#include "core/cpu/cpu_device.h"

#include "core/cpu/host_memory.h"
#include "core/kernel_starts.h"
#include "core/out_of_memory.h"

#include <hwy/highway.h>
#include <hwy/targets.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

namespace tandem {

namespace {

// Anonymous pages: zero-filled by the system when first touched, huge where it can.
class HostMemory final : public Memory {
 public:
  HostMemory(size_t bytes, std::string_view label) : Memory(bytes) {
    void* address = mmap(nullptr, std::max<size_t>(bytes, 1), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED) {
      fail<OutOfMemoryError>("cpu: no {} bytes of memory for {}; use a smaller batch.", bytes,
                             label);
    }
    madvise(address, bytes, MADV_HUGEPAGE);
    address_ = static_cast<std::byte*>(address);
  }
  ~HostMemory() override { munmap(address_, std::max<size_t>(bytes(), 1)); }

  std::byte* host() override { return address_; }

 private:
  std::byte* address_;
};

class CpuRecording final : public Recording {
 public:
  CpuRecording(std::vector<Kernel> kernels, std::vector<BufferRange> inputs,
               std::vector<BufferRange> outputs)
      : kernels_(std::move(kernels)), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {
    for (auto& slot : slots_) {
      for (const BufferRange& range : outputs_) slot.emplace_back(range.bytes);
    }
  }

  uint64_t submit(std::span<const std::span<const std::byte>> inputs) override {
    load(inputs);
    for (const Kernel& kernel : kernels_) kernel.host();
    return keep_outputs();
  }

  std::span<const std::byte> output(uint64_t ticket, size_t index) override {
    if (ticket == 0 || ticket > ticket_ || ticket + 2 <= ticket_) {
      fail<DeviceError>(
          "cpu: the output of run {} was asked for after run {}; only the last two runs keep "
          "theirs.",
          ticket, ticket_);
    }
    if (index >= outputs_.size()) {
      fail<DeviceError>("cpu: output {} was asked for of a recording that has {}.", index,
                        outputs_.size());
    }
    return slots_[ticket % 2][index];
  }

  std::vector<KernelTime> profile(
      std::span<const std::span<const std::byte>> inputs) override {
    using Clock = std::chrono::steady_clock;
    load(inputs);
    std::vector<KernelTime> times;
    std::vector<double> starts;
    for (const Kernel& kernel : kernels_) {
      const auto start = Clock::now();
      kernel.host();
      times.push_back({kernel.label, std::chrono::duration<double>(Clock::now() - start).count()});
      starts.push_back(std::chrono::duration<double>(start.time_since_epoch()).count());
    }
    KernelStarts::tell(std::move(starts));
    keep_outputs();
    return times;
  }

 private:
  void load(std::span<const std::span<const std::byte>> inputs) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].empty()) continue;
      std::memcpy(inputs_[i].memory->host() + inputs_[i].offset, inputs[i].data(),
                  inputs[i].size());
    }
  }

  uint64_t keep_outputs() {
    ++ticket_;
    for (size_t i = 0; i < outputs_.size(); ++i) {
      std::memcpy(slots_[ticket_ % 2][i].data(),
                  outputs_[i].memory->host() + outputs_[i].offset, outputs_[i].bytes);
    }
    return ticket_;
  }

  std::vector<Kernel> kernels_;
  std::vector<BufferRange> inputs_;
  std::vector<BufferRange> outputs_;
  std::array<std::vector<std::vector<std::byte>>, 2> slots_;
  uint64_t ticket_ = 0;
};

// The value after "key :" in one of Linux's /proc tables; empty if it is not there.
std::string proc_value(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const size_t colon = line.find(':');
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    if (begin != std::string::npos) return line.substr(begin);
  }
  return {};
}

uint64_t kilobytes(const std::string& text) {
  return text.empty() ? 0 : std::stoull(text) * 1024;
}

}  // namespace

DeviceInfo cpu_info() {
  DeviceInfo info;
  info.backend = info.kind = "cpu";
  info.name = proc_value("/proc/cpuinfo", "model name");
  if (info.name.empty()) info.name = "CPU";
  info.driver = "native";
  info.memory_bytes = kilobytes(proc_value("/proc/meminfo", "MemTotal"));
  info.memory_free_bytes = free_host_memory();
  // The best target is the lowest bit.
  info.simd = hwy::TargetName(int64_t{1} << std::countr_zero(
                                  static_cast<uint64_t>(hwy::SupportedTargets())));
  info.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  info.max_storage_range = ~0ull;
  info.storage_alignment = 64;
  info.unified_memory = true;
  return info;
}

CpuDevice::CpuDevice(const DeviceOptions& options) : threads_(options.threads), info_(cpu_info()) {
  info_.threads = threads_.count();
}

std::unique_ptr<Memory> CpuDevice::allocate(size_t bytes, std::string_view label) {
  return std::make_unique<HostMemory>(bytes, label);
}

void CpuDevice::write(const BufferRange& to, const void* from) {
  std::memcpy(to.memory->host() + to.offset, from, to.bytes);
}

void CpuDevice::read(const BufferRange& from, void* to) {
  std::memcpy(to, from.memory->host() + from.offset, from.bytes);
}

std::unique_ptr<Recording> CpuDevice::record(std::vector<Kernel> kernels,
                                             std::vector<BufferRange> inputs,
                                             std::vector<BufferRange> outputs) {
  return std::make_unique<CpuRecording>(std::move(kernels), std::move(inputs),
                                        std::move(outputs));
}

}  // namespace tandem
