// AdamW over everything trainable in the graph of an adapter on features.
#pragma once

#include "autograd/ops/optimizer.h"

namespace tandem {

// Adds the gradients of the loss and their update to its graph, whose variables must all be
// declared; the input "hyper" is what adamw_hyper() gives. Decays parameters with two axes or
// more; logit_scale stays in [0, ln 100]. Returns the gradients' norm [1].
Tensor add_adamw(Tensor loss, double weight_decay);

}  // namespace tandem
