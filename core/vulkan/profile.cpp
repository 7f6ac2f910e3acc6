// VulkanRecording::profile: one run in which every kernel stands alone between two timestamps.
#include "core/vulkan/recording.h"

#include "core/kernel_starts.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace tandem {

namespace {

OwnedQueryPool make_timestamps(VulkanContext& context, uint32_t count) {
  VkQueryPoolCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO;
  info.queryType = VK_QUERY_TYPE_TIMESTAMP;
  info.queryCount = count;
  VkQueryPool pool = VK_NULL_HANDLE;
  TANDEM_VK(vkCreateQueryPool(context.device(), &info, nullptr, &pool), "a profile's timestamps");
  return {context.device(), pool};
}

// The two timestamps of a pool.
std::array<uint64_t, 2> read_ticks(VulkanContext& context, VkQueryPool pool) {
  std::array<uint64_t, 2> ticks{};
  TANDEM_VK(vkGetQueryPoolResults(context.device(), pool, 0, 2, sizeof(ticks), ticks.data(),
                                  sizeof(ticks[0]),
                                  VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
            "a profile's timestamps");
  return ticks;
}

double seconds_between(VulkanContext& context, uint64_t first, uint64_t last) {
  const uint32_t bits = context.timestamp_bits();
  const uint64_t mask = bits >= 64 ? ~0ull : (1ull << bits) - 1;
  return static_cast<double>((last - first) & mask) * context.seconds_per_tick();
}

double host_seconds() {
  const auto now = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(now.time_since_epoch()).count();
}

}  // namespace

std::vector<KernelTime> VulkanRecording::profile(
    std::span<const std::span<const std::byte>> inputs) {
  if (context_.timestamp_bits() == 0) {
    submit(inputs);
    return {};
  }
  Slot& slot = slot_of(ticket_ + 1);
  wait(slot);
  VulkanQueue& queue = context_.queue();
  const Batch load{slot.staging.load(inputs)};
  slot.first = queue.submit({&load, 1}, "the inputs of a profile");

  const OwnedQueryPool timestamps = make_timestamps(context_, 2);
  const std::vector<BoundDispatch>& dispatches = bound_.dispatches();
  std::vector<KernelTime> times;
  for (const std::string& label : labels_) times.push_back({label, 0});
  // How the device's clock stands to the host's is not known: its first timestamp is taken for
  // the moment of its submission.
  std::vector<double> starts(times.size());
  uint64_t first_tick = 0;
  double first_start = 0;
  for (size_t begin = 0, end = 0; begin < dispatches.size(); begin = end) {
    const size_t kernel = dispatches[begin].kernel;
    while (end < dispatches.size() && dispatches[end].kernel == kernel) ++end;
    if (begin == 0) first_start = host_seconds();
    context_.run_once(
        [&](VkCommandBuffer commands) {
          vkCmdResetQueryPool(commands, timestamps.get(), 0, 2);
          vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, timestamps.get(), 0);
          for (size_t i = begin; i < end; ++i) {
            if (dispatches[i].barrier) compute_barrier(commands);
            record_dispatch(commands, dispatches[i]);
          }
          vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, timestamps.get(), 1);
        },
        labels_[kernel]);
    const auto [start, stop] = read_ticks(context_, timestamps.get());
    if (begin == 0) first_tick = start;
    starts[kernel] = first_start + seconds_between(context_, first_tick, start);
    times[kernel].seconds = seconds_between(context_, start, stop);
  }
  KernelStarts::tell(std::move(starts));
  const Batch store{slot.staging.store()};
  slot.last = queue.submit({&store, 1}, "the outputs of a profile");
  context_.raise_messages();
  ++ticket_;
  return times;
}

}  // namespace tandem
