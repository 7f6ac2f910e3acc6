// Trains what a ScoreGraph declares as trainable: cross entropy on labelled features.
#pragma once

#include "train/adapters/feature_scorer.h"
#include "train/adapters/fit_epochs.h"
#include "train/config/run_config.h"

namespace tandem {

struct FitOptions {
  TrainConfig train;
  uint64_t seed = 0;
  FitWatcher* watcher = nullptr;  // may be null
};

// Trains for train.epochs (see run_epochs), of which `train` gives batch size, schedule,
// optimizer, clipping and label smoothing. Variables start as `start` says, others by their
// initializers. Every picture comes once an epoch, in an order that depends on the seed and the
// epoch alone. Throws Error where the loss or a gradient is not finite.
FitResult fit_scores(const ScoreGraph& build, const VariableValues& start,
                     const LabelledRows& pictures, const LabelledRows* validation, Device& device,
                     const FitOptions& options);

}  // namespace tandem
