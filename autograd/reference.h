// Runs a graph with the ops' references, in double: the yardstick for every kernel.
#pragma once

#include "autograd/graph.h"

#include <map>

namespace tandem {

// Values of inputs and variables by name, in row-major order; whole numbers for i32.
using ReferenceFeeds = std::map<std::string, std::vector<double>>;

// Values of `fetches`. An op that updates a variable writes to `feeds`; the trainable arena is
// not supported. Throws ShapeError if something is not fed.
std::vector<std::vector<double>> evaluate(const Graph& graph, const std::vector<Tensor>& fetches,
                                          ReferenceFeeds& feeds);

}  // namespace tandem
