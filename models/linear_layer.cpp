#include "models/linear_layer.h"

#include "autograd/ops/activation.h"
#include "autograd/ops/binary.h"
#include "models/adapters/ia3.h"

namespace tandem {

Linear::Linear(Parameters& parameters, const Names& names, int64_t D, int64_t C,
               Initializer weight, Initializer bias)
    : weight_(parameters.base(names.weight, {D, C}, weight)),
      bias_(parameters.base(names.bias, {D}, bias)),
      low_rank_(parameters, names.parts, D, C),
      inputs_(ia3_inputs(parameters, names.parts, C)),
      outputs_(ia3_outputs(parameters, names.parts, D)) {
  for (const std::string& part : names.parts) parameters.target(part);
}

Tensor Linear::forward(Tensor x, Activation activation, Tensor residual) const {
  if (inputs_) x = mul(x, inputs_);
  if (!low_rank_ && !outputs_) return linear(x, weight_, bias_, activation, residual);
  Tensor y = low_rank_ ? low_rank_.forward(x, weight_, bias_) : linear(x, weight_, bias_);
  if (outputs_) y = mul(y, outputs_);
  y = activate(y, activation);
  return residual ? add(y, residual) : y;
}

}  // namespace tandem
