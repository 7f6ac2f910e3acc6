// Starts whatever a config describes: the training of a model, or an adapter on features.
#pragma once

#include "train/trainer.h"

namespace tandem {

// Runs it to its end. Throws what Trainer and run_feature_adapter throw.
void start_run(const RunConfig& config, const TrainOptions& options);

}  // namespace tandem
