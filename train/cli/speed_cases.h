// One large example of every op, for `tandem bench ops`; a test holds the list to the registry.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// Named by op. Its graph has the case's inputs, its outputs and, where there are any, the
// gradients by its differentiable inputs, which are fetched with them.
std::vector<OpCase> speed_cases();

// The fetches of a case in a graph that has nothing else: f32 outputs, then gradients.
std::vector<Tensor> build_speed_case(const OpCase& item, Graph& graph);

}  // namespace tandem
