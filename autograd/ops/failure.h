// Holding updates back after a step whose numbers were not finite, until the host has looked at
// it. The host hears of a failed step when the next one is under way already; held back, that one
// changes nothing, so that the failed step can be run again with the parameters that it had.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// The state variable that update_failed() sets: f32 [1], 0, or 1 while updates are held back. The
// host sets it to 0 again.
inline constexpr const char* failed_name = "failed";
Tensor failed_flag(Graph& graph);

// Adds to the graph, with all f32 of one element:
//   failed = 1  where it was 1, loss is not finite, or norm is not and the loss scale is at most 1
// A norm that overflows at a larger scale is how a loss scale is found, and no failure. `factor` is
// one over the scale.
void update_failed(Tensor loss, Tensor norm, Tensor factor);

// f32 [1]: the norm, or infinity or NaN where updates are held back: adamw() then changes nothing.
Tensor norm_unless_failed(Tensor norm);

}  // namespace tandem
