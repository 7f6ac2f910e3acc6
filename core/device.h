// The one interface that every backend implements: memory, and recordings of kernels that are
// run many times. A recording's kernels, their order and their memory never change; whatever
// varies from run to run is in buffers.
#pragma once

#include "core/shape.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

// What a device is and can do. The capabilities choose kernels.
struct DeviceInfo {
  std::string backend;  // "cpu" or "vulkan"
  std::string kind;     // "cpu", "discrete", "integrated", "virtual" or "software"
  std::string name;     // as the driver gives it
  std::string driver;   // driver's name and version
  std::string uuid;     // 32 hex digits; empty for the CPU
  int index = -1;       // among the Vulkan devices; -1 for the CPU
  uint64_t memory_bytes = 0;
  uint64_t memory_free_bytes = 0;  // as far as it can be known; 0 if not

  std::string simd;  // CPU: Highway's target, for example "AVX3_ZEN4"
  int threads = 0;   // CPU: worker threads

  uint32_t api_version = 0;  // Vulkan: as VK_MAKE_API_VERSION packs it
  uint32_t subgroup_size = 1;
  uint32_t shared_memory_bytes = 16 * 1024;
  uint32_t max_workgroup_invocations = 128;
  std::array<uint32_t, 3> max_workgroups{65535, 65535, 65535};
  uint64_t max_storage_range = 128ull << 20;  // bytes that one binding may span
  size_t storage_alignment = 64;              // bytes that a binding's offset is a multiple of
  bool storage_16bit = false;                 // 16-bit loads and stores in storage buffers
  bool arithmetic_f16 = false;
  bool cooperative_matrix = false;
  bool unified_memory = false;

  // A Vulkan driver that runs on the CPU (lavapipe, SwiftShader).
  bool software() const { return kind == "software"; }
};

// A block of a device's memory. Freed on destruction; must not outlive its device.
class Memory {
 public:
  explicit Memory(size_t bytes) : bytes_(bytes) {}
  virtual ~Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  size_t bytes() const { return bytes_; }

  // The address for host code; null where the host can't reach it (any Vulkan memory).
  virtual std::byte* host() { return nullptr; }

 private:
  size_t bytes_;
};

// Part of a memory block.
struct BufferRange {
  Memory* memory = nullptr;
  size_t offset = 0;
  size_t bytes = 0;
};

// One run of a shader. Buffers are bound to set 0, bindings 0, 1, ... in order; `writes` has bit i
// set where buffer i is written. Specialization words go to constant_id 0, 1, ...; `push` is the
// push-constant block, at most 128 bytes.
struct Dispatch {
  std::string shader;  // file stem below shaders/, for example "layer_norm"
  std::vector<BufferRange> buffers;
  uint32_t writes = 0;
  std::vector<uint32_t> specialization;
  std::vector<uint32_t> push;
  std::array<uint32_t, 3> workgroups{1, 1, 1};
};

// One node of a program on a device: host code for the CPU backend, dispatches (in order, each
// seeing the writes of those before) for the Vulkan backend.
struct Kernel {
  std::string label;  // op and where it stands in the model; used in errors and profiles
  std::function<void()> host;
  std::vector<Dispatch> dispatches;
};

// Seconds that one kernel took in the last profiled run.
struct KernelTime {
  std::string label;
  double seconds = 0;
};

// Kernels made ready to run again and again, with the ranges written before and read after each
// run. Not thread-safe; a device's recordings run in the order of their submissions.
class Recording {
 public:
  virtual ~Recording() = default;

  // Copies inputs[i] into the i-th input range (an empty span leaves it as it is), runs all
  // kernels, and keeps a copy of every output range. Returns a ticket. May return before the
  // kernels have run, but waits for the run before last. Throws DeviceError.
  virtual uint64_t submit(std::span<const std::span<const std::byte>> inputs) = 0;

  // Waits for a run and gives the copy of its i-th output range. Only the last two tickets have
  // one. Throws DeviceError if the device failed, naming the kernel where it can.
  virtual std::span<const std::byte> output(uint64_t ticket, size_t index) = 0;

  // Runs once more as submit does, timing every kernel; slow. Empty where the device can't.
  virtual std::vector<KernelTime> profile(
      std::span<const std::span<const std::byte>> inputs) = 0;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual const DeviceInfo& info() const = 0;

  // Zero-filled memory. `label` says what it is for in the DeviceError when there is not enough.
  virtual std::unique_ptr<Memory> allocate(size_t bytes, std::string_view label) = 0;

  // Copies between the host and the device; first waits for all that was submitted.
  virtual void write(const BufferRange& to, const void* from) = 0;
  virtual void read(const BufferRange& from, void* to) = 0;

  virtual std::unique_ptr<Recording> record(std::vector<Kernel> kernels,
                                            std::vector<BufferRange> inputs,
                                            std::vector<BufferRange> outputs) = 0;
};

// How a device is opened.
struct DeviceOptions {
  int threads = 0;             // CPU worker threads; 0 takes one a core
  bool validation = false;     // Vulkan validation layers; a message is an error
  bool synchronization_validation = false;
  std::string shader_dir;      // compile shaders from this folder at start; empty: embedded ones
};

// Every device that could be opened: the CPU first, then Vulkan devices by index. Never throws
// for a missing driver or loader: then there are no Vulkan devices.
std::vector<DeviceInfo> list_devices();

// Opens a device by name: "auto" (discrete GPU, then integrated, then cpu), "cpu", "vulkan" (the
// first, software included), or "vulkan:<index | part of the name | uuid>". Throws ConfigError
// for a name that fits no device (listing those there are), DeviceError if opening fails.
std::unique_ptr<Device> open_device(std::string_view name, const DeviceOptions& options = {});

}  // namespace tandem
