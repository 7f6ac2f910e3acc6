// A recording on a Vulkan device. Kernels are recorded once, in chunks of a few dispatches; chunks
// are submitted together as long as they do not take too long, since drivers give up on a device
// that seems stuck. Two runs may be in flight.
#pragma once

#include "core/vulkan/bound_kernels.h"
#include "core/vulkan/staging.h"

namespace tandem {

class VulkanRecording final : public Recording {
 public:
  VulkanRecording(VulkanContext& context, VulkanPipelines& pipelines, std::vector<Kernel> kernels,
                  std::span<const BufferRange> inputs, std::span<const BufferRange> outputs);
  ~VulkanRecording() override;

  uint64_t submit(std::span<const std::span<const std::byte>> inputs) override;
  std::span<const std::byte> output(uint64_t ticket, size_t index) override;
  std::vector<KernelTime> profile(std::span<const std::span<const std::byte>> inputs) override;

 private:
  // Dispatches [begin, end) in one command buffer.
  struct Chunk {
    size_t begin;
    size_t end;
    VkCommandBuffer commands;
    double seconds = 0;  // in the first run, waiting included
  };
  // Chunks [begin, end), submitted as one batch.
  struct Group {
    size_t begin;
    size_t end;
  };
  // One of the two runs that may be in flight.
  struct Slot {
    Staging staging;
    uint64_t first = 0;  // the timeline's value at the end of its first batch
    uint64_t last = 0;   // and of its last one
  };

  void record_chunks();
  void group_chunks();
  void run_measured(Slot& slot, VkCommandBuffer load);
  void run(Slot& slot, VkCommandBuffer load);
  Slot& slot_of(uint64_t ticket) { return slots_.at(ticket % 2); }
  void wait(const Slot& slot);  // until its run has ended
  [[noreturn]] void fail_run(VkResult result, const std::string& kernels) const;
  std::string kernels_between(size_t first_chunk, size_t last_chunk) const;

  VulkanContext& context_;
  std::vector<std::string> labels_;  // of the kernels
  BoundKernels bound_;
  OwnedCommandPool pool_;
  std::vector<Chunk> chunks_;
  std::vector<Group> groups_;  // empty until the first run has been measured
  std::vector<Slot> slots_;
  uint64_t ticket_ = 0;
};

}  // namespace tandem
