#include "core/vulkan/recording.h"

#include "core/device_lost.h"

#include <algorithm>
#include <chrono>

namespace tandem {

namespace {

// Small enough that even slow dispatches stay far below the two seconds after which some systems
// reset the device; large enough that command buffers cost nothing.
constexpr size_t dispatches_per_chunk = 16;
constexpr double seconds_per_group = 0.2;

std::vector<std::string> labels_of(const std::vector<Kernel>& kernels) {
  std::vector<std::string> labels;
  for (const Kernel& kernel : kernels) labels.push_back(kernel.label);
  return labels;
}

}  // namespace

VulkanRecording::VulkanRecording(VulkanContext& context, VulkanPipelines& pipelines,
                                 std::vector<Kernel> kernels, std::span<const BufferRange> inputs,
                                 std::span<const BufferRange> outputs)
    : context_(context),
      labels_(labels_of(kernels)),
      bound_(context, pipelines, kernels),
      pool_(context.make_command_pool()) {
  record_chunks();
  for (int i = 0; i < 2; ++i) slots_.push_back({{context, pool_.get(), inputs, outputs}});
  context_.raise_messages();
}

VulkanRecording::~VulkanRecording() { context_.queue().drain(); }

void VulkanRecording::record_chunks() {
  const std::vector<BoundDispatch>& dispatches = bound_.dispatches();
  for (size_t begin = 0; begin < dispatches.size(); begin += dispatches_per_chunk) {
    const size_t end = std::min(dispatches.size(), begin + dispatches_per_chunk);
    VkCommandBuffer commands = allocate_commands(context_.device(), pool_.get());
    // Two runs in flight use the same commands.
    begin_commands(commands, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
    for (size_t i = begin; i < end; ++i) {
      if (dispatches[i].barrier) compute_barrier(commands);
      record_dispatch(commands, dispatches[i]);
    }
    end_commands(commands);
    chunks_.push_back({begin, end, commands});
  }
}

uint64_t VulkanRecording::submit(std::span<const std::span<const std::byte>> inputs) {
  context_.raise_messages();
  Slot& slot = slot_of(ticket_ + 1);
  wait(slot);
  const VkCommandBuffer load = slot.staging.load(inputs);
  if (groups_.empty() && !chunks_.empty()) {
    run_measured(slot, load);
    group_chunks();
  } else {
    run(slot, load);
  }
  context_.raise_messages();
  return ++ticket_;
}

// Runs chunk after chunk, waiting for each, to learn how long they take.
void VulkanRecording::run_measured(Slot& slot, VkCommandBuffer load) {
  using Clock = std::chrono::steady_clock;
  VulkanQueue& queue = context_.queue();
  slot.first = queue.submitted() + 1;
  for (size_t i = 0; i < chunks_.size(); ++i) {
    Batch batch{chunks_[i].commands};
    if (i == 0) batch.insert(batch.begin(), load);
    if (i + 1 == chunks_.size()) batch.push_back(slot.staging.store());
    const auto start = Clock::now();
    slot.last = queue.submit({&batch, 1}, kernels_between(i, i));
    const VkResult result = queue.wait(slot.last);
    if (result != VK_SUCCESS) fail_run(result, kernels_between(i, i));
    chunks_[i].seconds = std::chrono::duration<double>(Clock::now() - start).count();
  }
}

void VulkanRecording::group_chunks() {
  double seconds = 0;
  for (size_t i = 0; i < chunks_.size(); ++i) {
    if (groups_.empty() || seconds + chunks_[i].seconds > seconds_per_group) {
      groups_.push_back({i, i});
      seconds = 0;
    }
    groups_.back().end = i + 1;
    seconds += chunks_[i].seconds;
  }
}

void VulkanRecording::run(Slot& slot, VkCommandBuffer load) {
  std::vector<Batch> batches(std::max<size_t>(groups_.size(), 1));
  batches.front().push_back(load);
  for (size_t i = 0; i < groups_.size(); ++i) {
    for (size_t chunk = groups_[i].begin; chunk < groups_[i].end; ++chunk) {
      batches[i].push_back(chunks_[chunk].commands);
    }
  }
  batches.back().push_back(slot.staging.store());
  slot.first = context_.queue().submitted() + 1;
  slot.last = context_.queue().submit(
      batches, chunks_.empty() ? "copies" : kernels_between(0, chunks_.size() - 1));
}

std::span<const std::byte> VulkanRecording::output(uint64_t ticket, size_t index) {
  if (ticket == 0 || ticket > ticket_ || ticket + 2 <= ticket_) {
    fail<DeviceError>(
        "vulkan: the output of run {} was asked for after run {}; only the last two "
        "runs keep theirs.",
        ticket, ticket_);
  }
  const Slot& slot = slot_of(ticket);
  wait(slot);
  context_.raise_messages();
  return slot.staging.output(index);
}

void VulkanRecording::wait(const Slot& slot) {
  const VkResult result = context_.queue().wait(slot.last);
  if (result == VK_SUCCESS) return;
  const uint64_t ended = context_.queue().completed();
  // The group that was running, if the driver still says how far it came.
  const size_t group = ended + 1 >= slot.first ? static_cast<size_t>(ended + 1 - slot.first) : 0;
  fail_run(result, group < groups_.size()
                       ? kernels_between(groups_[group].begin, groups_[group].end - 1)
                       : "a run");
}

void VulkanRecording::fail_run(VkResult result, const std::string& kernels) const {
  const std::string message = fmt::format(
      "vulkan: {} gave {} while it ran {}; update its driver, use a smaller batch or "
      "look closer with TANDEM_VALIDATION=1.",
      context_.info().name, name_of(result), kernels);
  if (result == VK_ERROR_DEVICE_LOST) throw DeviceLostError(message);
  throw DeviceError(message);
}

std::string VulkanRecording::kernels_between(size_t first_chunk, size_t last_chunk) const {
  const std::vector<BoundDispatch>& dispatches = bound_.dispatches();
  const std::string& first = labels_[dispatches[chunks_[first_chunk].begin].kernel];
  const std::string& last = labels_[dispatches[chunks_[last_chunk].end - 1].kernel];
  return first == last ? fmt::format("kernel '{}'", first)
                       : fmt::format("kernels '{}' to '{}'", first, last);
}

}  // namespace tandem
