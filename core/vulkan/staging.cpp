#include "core/vulkan/staging.h"

#include "core/error.h"

#include <cstring>

namespace tandem {

namespace {

size_t host_bytes(std::span<const BufferRange> ranges) {
  size_t bytes = 0;
  for (const BufferRange& range : ranges) bytes += (range.bytes + 63) / 64 * 64;
  return bytes;
}

}  // namespace

Staging::Staging(VulkanContext& context, VkCommandPool pool, std::span<const BufferRange> inputs,
                 std::span<const BufferRange> outputs)
    : inputs_(lay_out(context, inputs, "an input")),
      outputs_(lay_out(context, outputs, "an output")),
      input_memory_(context, host_bytes(inputs), false, "the staging of inputs"),
      output_memory_(context, host_bytes(outputs), true, "the staging of outputs"),
      load_(allocate_commands(context.device(), pool)),
      store_(allocate_commands(context.device(), pool)) {
  record_store();
}

std::vector<Staging::Piece> Staging::lay_out(const VulkanContext& context,
                                             std::span<const BufferRange> ranges,
                                             std::string_view what) {
  std::vector<Piece> pieces;
  size_t offset = 0;
  for (const BufferRange& range : ranges) {
    pieces.push_back(
        {vulkan_memory(context, range, what).buffer(), {offset, range.offset, range.bytes}});
    offset += (range.bytes + 63) / 64 * 64;
  }
  return pieces;
}

void Staging::check_inputs(std::span<const std::span<const std::byte>> inputs) const {
  if (inputs.size() > inputs_.size()) {
    fail<DeviceError>("vulkan: {} inputs were given to a recording of {}.", inputs.size(),
                      inputs_.size());
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const VkDeviceSize expected = inputs_[i].copy.size;
    if (!inputs[i].empty() && inputs[i].size() != expected) {
      fail<DeviceError>("vulkan: input {} was given {} bytes but has {}.", i, inputs[i].size(),
                        expected);
    }
  }
}

VkCommandBuffer Staging::load(std::span<const std::span<const std::byte>> inputs) {
  check_inputs(inputs);
  begin_commands(load_, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].empty()) continue;
    const VkBufferCopy& copy = inputs_[i].copy;
    std::memcpy(input_memory_.data() + copy.srcOffset, inputs[i].data(), inputs[i].size());
    vkCmdCopyBuffer(load_, input_memory_.buffer(), inputs_[i].buffer, 1, &copy);
  }
  memory_barrier(
      load_, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
      VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT);
  end_commands(load_);
  return load_;
}

void Staging::record_store() {
  begin_commands(store_, 0);
  memory_barrier(store_, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
                 VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT);
  for (const Piece& piece : outputs_) {
    if (piece.copy.size == 0) continue;
    const VkBufferCopy back{piece.copy.dstOffset, piece.copy.srcOffset, piece.copy.size};
    vkCmdCopyBuffer(store_, piece.buffer, output_memory_.buffer(), 1, &back);
  }
  memory_barrier(store_, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
                 VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
  end_commands(store_);
}

std::span<const std::byte> Staging::output(size_t index) const {
  if (index >= outputs_.size()) {
    fail<DeviceError>("vulkan: output {} was asked for of a recording that has {}.", index,
                      outputs_.size());
  }
  const VkBufferCopy& copy = outputs_[index].copy;
  return {output_memory_.data() + copy.srcOffset, static_cast<size_t>(copy.size)};
}

}  // namespace tandem
