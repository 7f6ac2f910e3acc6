// IA3 (Liu et al. 2022, "Few-shot parameter-efficient fine-tuning is better and cheaper than
// in-context learning", section 3.3): keys, values and the MLP's hidden channels, each multiplied
// by a learnt factor. The hidden channels are the inputs of `mlp.c_proj`; of every other linear
// layer the outputs are scaled.
#pragma once

#include "models/parameters.h"

namespace tandem {

// Whether IA3 scales the inputs of a linear layer rather than its outputs.
bool ia3_scales_inputs(const std::string& part);

// Declares `<part>.ia3` for the parts that are targets. [C] or [D], or null.
Tensor ia3_inputs(Parameters& parameters, const std::vector<std::string>& parts, int64_t C);
Tensor ia3_outputs(Parameters& parameters, const std::vector<std::string>& parts, int64_t D);

}  // namespace tandem
