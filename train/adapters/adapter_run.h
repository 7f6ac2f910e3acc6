// One run of an adapter on features, in a folder of its own.
#pragma once

#include "train/trainer.h"

#include <filesystem>

namespace tandem {

// Opens the features, draws the shots, fits, tests, and leaves config.yaml, log.txt, metrics.jsonl,
// results.json, report.html and a checkpoint. A signal to stop ends it after an epoch, from which it
// can be resumed with the same bits; what has no epochs takes seconds, and begins anew. One that is
// done stays as it is. Throws ConfigError, DataError, DeviceError, CheckpointError, and Error where
// training diverges.
void run_feature_adapter(const RunConfig& config, const TrainOptions& options);

// Where features by a base are kept for a run: beside its folder, so that runs share them.
std::filesystem::path feature_cache(const std::filesystem::path& run);

}  // namespace tandem
