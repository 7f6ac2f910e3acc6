// Activations that are not kept for the backward pass, since they can be made again for little.
#pragma once

#include "autograd/plan.h"

namespace tandem {

// Turns a node into one that makes its output 0 again at little cost, from values that its gradient
// reads anyway. False where it can't be made so.
using RemakeRule = bool (*)(Node& node, const OpContext& context);

// An op's rule, registered beside the op:
//   const RegisteredRemake layer_norm_remake("layer_norm", rule);
struct RegisteredRemake {
  RegisteredRemake(std::string_view op, RemakeRule rule);
};

// Lets backward nodes read such values as nodes just before them make them again, with the same
// bits where those are kept in f32. Only where what they are made of stays in memory for the
// backward pass anyway, or is made again itself.
void remake_for_backward(Plan& plan);

}  // namespace tandem
