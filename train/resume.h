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

// The newest checkpoint of a run that verifies; nothing without one. Says which it passed over,
// and why.
std::optional<Resumed> newest_checkpoint(const RunFolder& folder, RunOutput& output);

// The newest checkpoint, for a run that begins with it: says what has changed since, and throws
// ConfigError for a change of what is trained, unless it is allowed. What a run fills in
// becomes the checkpoint's (take_filled_in).
std::optional<Resumed> checkpoint_to_resume(const RunFolder& folder, RunConfig& config,
                                            const DeviceInfo& device, bool allow_config_change,
                                            RunOutput& output);

// The checkpoint of `step`; where it can't be used, says why and gives the newest that verifies.
// Nothing for step 0.
std::optional<Resumed> checkpoint_of_step(const RunFolder& folder, int64_t step,
                                          RunOutput& output);

}  // namespace tandem
