// What a run that was stopped goes on from.
#pragma once

#include "core/device.h"
#include "train/checkpoint/checkpoint.h"
#include "train/config/run_config.h"
#include "train/run_output.h"
#include "train/text/tokenizer.h"

#include <optional>
#include <string>

namespace tandem {

struct Resumed {
  std::string path;
  Checkpoint checkpoint;
};

// The tokenizer of a checkpoint that is there; else null.
std::unique_ptr<Tokenizer> tokenizer_of(const std::optional<Resumed>& resumed);

// The newest checkpoint of a run that verifies; nothing where there is none at all. Says which it
// passed over, and why. Throws CheckpointError where there are some, and none verifies: starting
// anew would write over them.
std::optional<Resumed> newest_checkpoint(const RunFolder& folder, RunOutput& output);

// The newest checkpoint, for a run that begins with it: says what has changed since, and throws
// ConfigError for a change of what is trained, unless it is allowed. What a run fills in
// becomes the checkpoint's (take_filled_in).
std::optional<Resumed> checkpoint_to_resume(const RunFolder& folder, RunConfig& config,
                                            const DeviceInfo& device, bool allow_config_change,
                                            RunOutput& output);

// The checkpoint of `step`; where it is gone or can't be used, the newest before it that verifies,
// else the oldest after it. Nothing for step 0. Says and throws what newest_checkpoint does.
std::optional<Resumed> checkpoint_of_step(const RunFolder& folder, int64_t step,
                                          RunOutput& output);

// Throws ConfigError where a run goes on with other rows than it began with, unless that is
// allowed; then says so.
void check_rows(int64_t before, int64_t now, bool allowed, RunOutput& output);

}  // namespace tandem
