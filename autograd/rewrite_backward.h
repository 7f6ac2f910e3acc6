// How passes over a plan give its backward nodes other inputs.
#pragma once

#include "autograd/plan.h"

#include <utility>

namespace tandem {

// Backward nodes read again(id, nodes) in place of each input. It may append to `nodes`, which are
// those so far, what makes the value that it returns.
template <class Again>
void rewrite_backward(Plan& plan, const Again& again) {
  std::vector<Node> nodes;
  for (Node node : plan.nodes) {
    if (node.backward) {
      for (int& input : node.inputs) input = again(input, nodes);
    }
    nodes.push_back(std::move(node));
  }
  plan.nodes = std::move(nodes);
}

}  // namespace tandem
