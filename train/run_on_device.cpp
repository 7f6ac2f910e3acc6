#include "train/run_on_device.h"

#include "core/kernel_traits.h"
#include "train/precision.h"
#include "train/tuning/base_model.h"
#include "train/tuning/context_words.h"

namespace tandem {

RunOnDevice::RunOnDevice(const RunConfig& config, const RunFolder& folder,
                         std::unique_ptr<Device> opened, const RunData& data, RunOutput& output)
    : device(std::move(opened)),
      variables(*device),
      evaluations(config, variables, data),
      keeper(config, folder, variables, data.tokenizer().serialize(), output),
      step(config.model, config.train, config.train.batch_size, variables,
           {.precision = precision_named(config.precision)}) {
  variables.initialize(config.seed);
}

void RunOnDevice::start(const RunConfig& config, const RunData& data) {
  variables.initialize(config.seed);
  if (!config.adapter.base.empty()) load_base(variables, read_base(config));
  start_from_words(variables, data.context_words());
}

int64_t RunOnDevice::parameters() const {
  int64_t count = 0;
  for (const std::string& name : variables.parameters()) {
    count += variables.variable(name).type.shape.elements();
  }
  return count;
}

void RunOnDevice::announce(RunOutput& output) const {
  const DeviceInfo& info = device->info();
  const MemoryReport memory = step.memory();
  output.say(fmt::format("device: {} ({})", info.name, info.driver));
  const std::string ignored = kernel_traits(info).tuning_ignored;
  if (!ignored.empty()) output.say(ignored);
  output.say(fmt::format(
      "model: {} parameters; planned peak memory {:.1f} MB: parameters {:.1f}, "
      "optimizer {:.1f}, activations {:.1f}",
      parameters(), 1e-6 * static_cast<double>(memory.peak()),
      1e-6 * static_cast<double>(memory.trainable + memory.frozen),
      1e-6 * static_cast<double>(memory.state), 1e-6 * static_cast<double>(memory.activations)));
}

}  // namespace tandem
