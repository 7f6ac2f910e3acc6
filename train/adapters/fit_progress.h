// The file that a fit which was stopped goes on from.
#pragma once

#include "train/adapters/fit_epochs.h"
#include "train/config/run_config.h"

#include <string>

namespace tandem {

// Writes beside `path` and renames. Throws CheckpointError.
void write_progress(const std::string& path, const FitState& state, const RunConfig& config);

// Throws CheckpointError where it is damaged, and ConfigError where it is of another config.
FitState read_progress(const std::string& path, const RunConfig& config);

}  // namespace tandem
