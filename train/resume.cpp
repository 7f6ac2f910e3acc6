#include "train/resume.h"

#include "core/error.h"
#include "core/vulkan/tuning_file.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/config/changes.h"
#include "train/snapshot.h"

#include <fmt/ranges.h>

namespace tandem {
namespace {

std::string shown(const std::string& value) { return value.empty() ? "not there" : value; }

std::string attribute(const Checkpoint& checkpoint, const char* name) {
  const auto found = checkpoint.attributes.find(name);
  return found == checkpoint.attributes.end() ? "" : found->second;
}

// Throws ConfigError for a change of what is trained, unless it is allowed.
void check_changes(const Resumed& resumed, const RunConfig& config, bool allowed,
                   RunOutput& output) {
  std::vector<std::string> refused;
  for (const ConfigChange& change :
       config_changes(config_of(resumed.checkpoint, resumed.path), config)) {
    const std::string text =
        fmt::format("{} was {} and is {}", change.key, shown(change.before), shown(change.after));
    if (change.harmless || allowed) {
      output.say("changed: " + text);
    } else {
      refused.push_back(text);
    }
  }
  if (refused.empty()) return;
  fail<ConfigError>(
      "{}: the config has changed since: {}; put it back, or say "
      "--allow-config-change.",
      resumed.path, fmt::join(refused, "; "));
}

void compare_devices(const Resumed& resumed, const DeviceInfo& device, RunOutput& output) {
  const std::string name = attribute(resumed.checkpoint, "device");
  const std::string driver = attribute(resumed.checkpoint, "driver");
  if (name == device.name && driver == device.driver) return;
  output.say(
      fmt::format("changed: the device was {} ({}) and is {} ({}); the bits will not be "
                  "those of a run on one device",
                  name, driver, device.name, device.driver));
}

// The same kernels as before, whatever was tuned since: others would give other bits.
void keep_kernels(const Resumed& resumed, const DeviceInfo& device, RunOutput& output) {
  if (device.backend != "vulkan" || attribute(resumed.checkpoint, "driver") != device.driver) return;
  KernelTraits traits = kernel_traits(device);
  TunedKernels before = parse_tuned(attribute(resumed.checkpoint, "kernels"));
  if (before == traits.tuned) return;
  traits.tuned = std::move(before);
  set_kernel_traits(device, traits);
  output.say("tuning: kernels are those that the run began with, not those that were tuned since");
}

}  // namespace

std::unique_ptr<Tokenizer> tokenizer_of(const std::optional<Resumed>& resumed) {
  return resumed ? tokenizer_of(resumed->checkpoint, resumed->path) : nullptr;
}

std::optional<Resumed> newest_checkpoint(const RunFolder& folder, RunOutput& output) {
  const NewestCheckpoint newest = newest_valid_checkpoint(folder.checkpoints().string());
  for (const auto& [path, reason] : newest.passed_over) {
    output.say(fmt::format("passed over {}: {}", path, reason));
  }
  if (newest.path.empty()) return std::nullopt;
  return Resumed{newest.path, read_checkpoint(newest.path)};
}

std::optional<Resumed> checkpoint_of_step(const RunFolder& folder, int64_t step,
                                          RunOutput& output) {
  if (step == 0) return std::nullopt;
  const std::string path = (folder.checkpoints() / checkpoint_name(step)).string();
  try {
    return Resumed{path, read_checkpoint(path)};
  } catch (const CheckpointError& error) {
    output.say(fmt::format("passed over {}: {}", path, error.what()));
    return newest_checkpoint(folder, output);
  }
}

std::optional<Resumed> checkpoint_to_resume(const RunFolder& folder, RunConfig& config,
                                            const DeviceInfo& device, bool allow_config_change,
                                            RunOutput& output) {
  std::optional<Resumed> resumed = newest_checkpoint(folder, output);
  if (resumed) {
    compare_devices(*resumed, device, output);
    keep_kernels(*resumed, device, output);
    take_filled_in(config, config_of(resumed->checkpoint, resumed->path));
    check_changes(*resumed, config, allow_config_change, output);
    return resumed;
  }
  output.resume_at(0);
  output.say("no checkpoint to resume from; starting anew");
  return resumed;
}

}  // namespace tandem
