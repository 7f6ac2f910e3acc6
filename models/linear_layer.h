// A linear layer of a model with what adapters add to it: y = activation(x W' + bias) + residual.
#pragma once

#include "autograd/ops/matmul.h"
#include "models/adapters/low_rank.h"

namespace tandem {

class Linear {
 public:
  struct Names {
    std::string weight, bias;        // parameters
    std::vector<std::string> parts;  // equal parts of W's rows, as adapters name them
  };

  Linear() = default;

  // Declares W [D, C] and bias [D].
  Linear(Parameters& parameters, const Names& names, int64_t D, int64_t C, Initializer weight,
         Initializer bias);

  // The layer `<name>`: parameters `<name>.weight` and `<name>.bias`, one part `<name>`.
  Linear(Parameters& parameters, const std::string& name, int64_t D, int64_t C,
         Initializer weight, Initializer bias)
      : Linear(parameters, {name + ".weight", name + ".bias", {name}}, D, C, weight, bias) {}

  // x [..., C], residual [..., D] or null -> [..., D].
  Tensor forward(Tensor x, Activation activation = Activation::none, Tensor residual = {}) const;

 private:
  Tensor weight_, bias_;
  LowRank low_rank_;
  Tensor inputs_;   // IA3: factors [C] of x, or null
  Tensor outputs_;  // IA3: factors [D] of x W' + bias, or null
};

}  // namespace tandem
