// Trains what a ScoreGraph declares as trainable: cross entropy on labelled features, AdamW.
#pragma once

#include "train/adapters/feature_scorer.h"
#include "train/config/run_config.h"

#include <functional>

namespace tandem {

struct FitEpoch {
  int64_t epoch = 0;  // from 1
  int64_t step = 0;   // done so far
  double loss = 0;    // mean over the epoch
  double lr = 0;      // of its last step
  double gradient_norm = 0;                 // likewise
  std::optional<double> validation_acc1;    // with validation pictures
  double validation_loss = 0;
};

struct FitResult {
  int64_t epoch = 0;  // whose parameters were kept
  std::optional<double> validation_acc1;
  VariableValues trained;
};

struct FitOptions {
  TrainConfig train;
  uint64_t seed = 0;
  std::function<void(const FitEpoch&)> told;  // after each epoch; may be empty
};

// Trains for train.epochs, of which `train` gives batch size, schedule, AdamW's numbers, clipping
// and label smoothing. Variables start as `start` says, others by their initializers. Every picture
// comes once an epoch, in an order that depends on the seed and the epoch alone. With validation
// pictures the parameters kept are those of the epoch that gets most of them right, of equal ones
// with the least cross entropy; else the last. Throws Error where the loss or a gradient is not
// finite.
FitResult fit_scores(const ScoreGraph& build, const VariableValues& start,
                     const LabelledRows& pictures, const LabelledRows* validation, Device& device,
                     const FitOptions& options);

}  // namespace tandem
