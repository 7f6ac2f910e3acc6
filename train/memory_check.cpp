#include "train/memory_check.h"

#include "core/cpu/host_memory.h"
#include "core/device.h"
#include "train/byte_size.h"
#include "train/step_plan.h"

namespace tandem {

namespace {

// A way to make a run fit.
struct Setting {
  std::string keys;
  size_t peak = 0;
};

size_t peak_of(RunConfig config, const DeviceInfo& device, int64_t batch, bool checkpointing) {
  config.train.batch_size = batch;
  config.train.grad_checkpointing = checkpointing;
  return plan_step(config, device).peak();
}

// The same steps over the largest micro-batches that fit, if there are some.
void add_accumulation(std::vector<Setting>& all, RunConfig config, const DeviceInfo& device,
                      uint64_t free) {
  TrainConfig& train = config.train;
  const int64_t pairs = train.step_pairs();
  const int64_t most = train.batch_size - 1;
  for (train.batch_size = most; train.batch_size > 0; --train.batch_size) {
    if (pairs % train.batch_size != 0) continue;
    train.accum_freq = pairs / train.batch_size;
    const size_t peak = plan_step(config, device).peak();
    if (peak > free) continue;
    all.push_back({fmt::format("train.batch_size={} --set train.accum_freq={}", train.batch_size,
                               train.accum_freq),
                   peak});
    return;
  }
}

// Settings that need at most `free` bytes: accumulation, smaller batches, and gradient
// checkpointing.
std::vector<Setting> settings_that_fit(const RunConfig& config, const DeviceInfo& device,
                                       uint64_t free) {
  std::vector<Setting> all;
  add_accumulation(all, config, device, free);
  const int64_t wanted = config.train.batch_size;
  for (const bool checkpointing : {false, true}) {
    if (config.train.grad_checkpointing && !checkpointing) continue;
    RunConfig other = config;
    other.train.grad_checkpointing = checkpointing;
    const int64_t batch = std::min(wanted, largest_batch(other, device, free));
    if (batch == 0) continue;
    std::string keys;
    if (checkpointing && !config.train.grad_checkpointing) keys = "train.grad_checkpointing=true";
    if (batch < wanted) {
      keys += fmt::format("{}train.batch_size={}", keys.empty() ? "" : " --set ", batch);
    }
    if (!keys.empty()) all.push_back({keys, peak_of(config, device, batch, checkpointing)});
  }
  return all;
}

void add_line(std::string& text, std::string_view name, const std::string& value) {
  text += fmt::format("\n  {:<58} {:>12}", name, value);
}

std::string table(const StepPlan& plan, const DeviceInfo& device, uint64_t free,
                  const std::vector<Setting>& settings) {
  std::string text;
  add_line(text, "planned peak", byte_text(plan.peak()));
  add_line(text, "  parameters", byte_text(plan.memory.trainable + plan.memory.frozen));
  add_line(text, "  optimizer", byte_text(plan.memory.state));
  add_line(text, "  activations, gradients and inputs",
           byte_text(plan.memory.activations + plan.memory.constants));
  if (plan.evaluation_bytes > 0) add_line(text, "  evaluations", byte_text(plan.evaluation_bytes));
  add_line(text, fmt::format("free on {}", device.name), byte_text(free));
  text += "\n  the largest tensors";
  for (const LargeTensor& tensor : plan.largest) {
    add_line(text, fmt::format("  {} {} of {}", tensor.count, tensor.type.str(), tensor.name),
             byte_text(tensor.bytes * static_cast<size_t>(tensor.count)));
  }
  if (!settings.empty()) text += "\n  what fits";
  for (const Setting& setting : settings) {
    add_line(text, "  --set " + setting.keys, byte_text(setting.peak));
  }
  return text;
}

std::string advice(const RunConfig& config, const DeviceInfo& device,
                   const std::vector<Setting>& settings) {
  if (settings.empty()) {
    RunConfig least = config;
    least.train.batch_size = 1;
    least.train.grad_checkpointing = true;
    return fmt::format(
        "even one pair with train.grad_checkpointing takes {}; use a smaller model or another "
        "device.",
        byte_text(plan_step(least, device).peak()));
  }
  return fmt::format("set {}, or use another device.", settings.front().keys);
}

}  // namespace

uint64_t free_memory(const DeviceInfo& device) {
  if (device.memory_free_bytes > 0) return device.memory_free_bytes;
  return device.software() ? free_host_memory() : device.memory_bytes;
}

uint64_t memory_limit(const DeviceInfo& device, uint64_t most) {
  const uint64_t free = free_memory(device);
  if (free == 0 || most == 0) return std::max(free, most);
  return std::min(free, most);
}

void check_memory(const RunConfig& config, const DeviceInfo& device, uint64_t free) {
  const StepPlan plan = plan_step(config, device);
  if (free == 0 || plan.peak() <= free) return;
  const std::vector<Setting> settings = settings_that_fit(config, device, free);
  fail<OutOfMemoryError>("memory: the run's planned peak is {} but {} has {} free; {}{}",
                         byte_text(plan.peak()), device.name, byte_text(free),
                         advice(config, device, settings), table(plan, device, free, settings));
}

void tell_out_of_memory(const RunConfig& config, const DeviceInfo& device,
                        const std::string& what) {
  const StepPlan plan = plan_step(config, device);
  // The plan was thought to fit: what fits for sure is a part of it.
  const uint64_t free = free_memory(device);
  const uint64_t less = std::min<uint64_t>(free, plan.peak() - plan.peak() / 8);
  const std::vector<Setting> settings = settings_that_fit(config, device, less);
  fail<OutOfMemoryError>("{} The run's planned peak is {}; {}{}", what, byte_text(plan.peak()),
                         advice(config, device, settings), table(plan, device, free, settings));
}

}  // namespace tandem
