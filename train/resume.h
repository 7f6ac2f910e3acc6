// What a run that was stopped goes on from.
#pragma once

#include "core/device.h"
#include "train/checkpoint/checkpoint.h"
#include "train/config/run_config.h"
#include "train/run_output.h"

#include <optional>
#include <string>

namespace tandem {

struct Resumed {
  std::string path;
  Checkpoint checkpoint;
};

// The newest checkpoint of a run that verifies; nothing without one. Says which it passed over,
// and why.
std::optional<Resumed> newest_checkpoint(const RunFolder& folder, RunOutput& output);

// Says what has changed since the checkpoint. Throws ConfigError for a change of what is trained,
// unless it is allowed.
void check_changes(const Resumed& resumed, const RunConfig& config, bool allowed,
                   RunOutput& output);

// Says so where the checkpoint comes from another device or driver.
void compare_devices(const Resumed& resumed, const DeviceInfo& device, RunOutput& output);

}  // namespace tandem
