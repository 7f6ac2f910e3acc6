// Contrastive training on frozen features: what a LiT run (Zhai et al. 2022) does where the features
// of both towers are computed once and a linear map of one side, or both, is learnt.
#pragma once

#include "train/adapters/fit_scores.h"
#include "train/checkpoint/checkpoint.h"
#include "train/evaluate/retrieval.h"
#include "train/features/feature_set.h"

#include <nlohmann/json.hpp>

namespace tandem {

struct ProjectionOutcome {
  VariableValues trained;  // text_projection.weight, image_projection.weight, logit_scale
  int64_t epoch = 0;       // that they are of
  int64_t learned_from = 0, chosen_on = 0;  // pictures
  RetrievalResult before, after;            // on the test pictures
};

// Trains on pairs of a picture and one of its captions, drawn anew each epoch, with the loss that
// train.loss names. Splits are data.split, few_shot.val_split and few_shot.test_split; in a set
// without splits they are shares of the pictures, drawn by the seed. With validation pictures the
// epoch kept is the one with the highest mean of both R@1 there. Throws ConfigError for features
// without captions or splits that are not there.
ProjectionOutcome fit_projection(const FeatureSet& set, const RunConfig& config, Device& device,
                                 FitWatcher& watcher);

// Tests a projection again, out of its checkpoint, where the config's splits say. Throws ConfigError
// where `set` has other features than those that it was trained on, CheckpointError where it is
// damaged; `source` names it there.
ProjectionOutcome test_projection(const Checkpoint& checkpoint, const FeatureSet& set,
                                  const RunConfig& config, Device& device,
                                  const std::string& source);

nlohmann::ordered_json projection_json(const ProjectionOutcome& outcome, const FeatureSet& set,
                                       const RunConfig& config);

Checkpoint projection_checkpoint(const ProjectionOutcome& outcome, const FeatureSet& set,
                                 const RunConfig& config);

}  // namespace tandem
