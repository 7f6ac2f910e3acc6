// One run of an adapter on features, in a folder of its own.
#pragma once

#include "train/trainer.h"

#include <filesystem>

namespace tandem {

// Opens the features, draws the shots, fits, tests, and leaves config.yaml, log.txt, metrics.jsonl,
// results.json, report.html and a checkpoint. A run takes seconds, so one that is resumed begins
// anew, with the same bits; one that is done stays as it is. Throws ConfigError, DataError,
// DeviceError, CheckpointError, and Error where training diverges.
void run_feature_adapter(const RunConfig& config, const TrainOptions& options);

// Where features by a base are kept for a run: beside its folder, so that runs share them.
std::filesystem::path feature_cache(const std::filesystem::path& run);

}  // namespace tandem
