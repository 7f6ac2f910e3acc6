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

// The first of these that verifies; nothing without any.
std::optional<Resumed> first_of(const std::vector<std::string>& paths, const RunFolder& folder,
                                RunOutput& output) {
  const ValidCheckpoint found = first_valid_checkpoint(paths);
  for (const auto& [path, reason] : found.passed_over) {
    output.say(fmt::format("passed over {}: {}", path, reason));
  }
  if (!found.path.empty()) return Resumed{found.path, read_checkpoint(found.path)};
  if (paths.empty()) return std::nullopt;
  fail<CheckpointError>(
      "{}: none of its checkpoints can be used; mend them, or move them away and start anew.",
      folder.checkpoints().string());
}

}  // namespace

std::unique_ptr<Tokenizer> tokenizer_of(const std::optional<Resumed>& resumed) {
  return resumed ? tokenizer_of(resumed->checkpoint, resumed->path) : nullptr;
}

std::optional<Resumed> newest_checkpoint(const RunFolder& folder, RunOutput& output) {
  return first_of(list_checkpoints(folder.checkpoints().string()), folder, output);
}

std::optional<Resumed> checkpoint_of_step(const RunFolder& folder, int64_t step,
                                          RunOutput& output) {
  if (step == 0) return std::nullopt;
  return first_of(list_checkpoints_from(folder.checkpoints().string(), step), folder, output);
}

void check_rows(int64_t before, int64_t now, bool allowed, RunOutput& output) {
  if (before == 0 || before == now) return;
  const std::string text = "the data have other rows than those that the run began with";
  if (!allowed) {
    fail<ConfigError>("{}; put them back, or say --allow-config-change.", text);
  }
  output.say("changed: " + text);
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
