// Dynamic loss scaling, so that small gradients survive fp16 (Micikevicius et al. 2018, section
// 3.2), by the rule and with the names of PyTorch's GradScaler. All of it is on the device: a step
// need not wait for the last one's gradients, and a resumed run finds it among the state variables.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// What a graph's gradients are multiplied by: f32 [1], the state variable "loss_scale". The number
// of steps since it last changed is in "loss_scale.growth_tracker", f32 [1].
Tensor loss_scale(Graph& graph, double init_scale);

// Adds the update of both to the graph, by the norm f32 [1] of the scaled gradients:
//   not finite:  scale *= backoff_factor, tracker = 0
//   else:        tracker += 1; at growth_interval: scale *= growth_factor, tracker = 0
// The scale does not grow past what f32 holds. While updates are held back (failure.h) neither
// changes.
void update_loss_scale(Tensor norm, double growth_factor, double backoff_factor,
                       int64_t growth_interval);

}  // namespace tandem
