// What travels between the host and the device around one run: a copy of the inputs before it and
// of the outputs after it, in host memory that belongs to this run alone while it is in flight.
#pragma once

#include "core/vulkan/memory.h"

#include <span>

namespace tandem {

class Staging {
 public:
  // Room for all inputs and outputs. Throws DeviceError for ranges that are not on the device.
  Staging(VulkanContext& context, VkCommandPool pool, std::span<const BufferRange> inputs,
          std::span<const BufferRange> outputs);

  // Takes the inputs that are not empty and records their copies to the device; the commands are
  // good until the next call. Not while a run with the earlier ones is in flight.
  VkCommandBuffer load(std::span<const std::span<const std::byte>> inputs);

  // Commands that copy all outputs to the host; always the same.
  VkCommandBuffer store() const { return store_; }

  // The i-th output of the run that last ended with store().
  std::span<const std::byte> output(size_t index) const;

 private:
  // Where a range of device memory lies in host memory.
  struct Piece {
    VkBuffer buffer;
    VkBufferCopy copy;  // from the host's point of view: srcOffset in host memory
  };
  static std::vector<Piece> lay_out(const VulkanContext& context,
                                    std::span<const BufferRange> ranges, std::string_view what);
  void check_inputs(std::span<const std::span<const std::byte>> inputs) const;
  void record_store();

  std::vector<Piece> inputs_;
  std::vector<Piece> outputs_;
  HostBuffer input_memory_;
  HostBuffer output_memory_;
  VkCommandBuffer load_;
  VkCommandBuffer store_;
};

}  // namespace tandem
