// The update of everything trainable in the graph of an adapter on features.
#pragma once

#include "train/config/run_config.h"

#include "autograd/graph.h"

namespace tandem {

// Adds the gradients of the loss and their update to its graph, whose variables must all be
// declared; the input "hyper" is what optimizer_numbers() gives. Decays parameters with two axes or
// more; logit_scale stays in [0, ln 100]. Returns the gradients' norm [1].
Tensor add_feature_update(Tensor loss, const TrainConfig& train);

}  // namespace tandem
