// Stop of gradients: a view.   y = x   dx = 0, which gradients() leaves out
#include "autograd/ops/stop_gradient.h"

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) { return {*context.inputs[0]}; }

std::vector<Tensor> gradient(const GradientContext&) { return {Tensor()}; }

void reference(const ReferenceBinding& binding) { binding.output(0) = binding.input(0); }

std::vector<OpCase> cases() {
  return {{.name = "two axes",
           .inputs = {{.type = {DType::f32, {3, 5}}, .differentiable = false}},
           .build = [](const auto& in) -> std::vector<Tensor> { return {stop_gradient(in[0])}; }}};
}

const Op& stop_gradient_op = register_op({.name = "stop_gradient",
                                          .infer = infer,
                                          .gradient = gradient,
                                          .reference = reference,
                                          .cases = cases,
                                          .view = true});

}  // namespace

Tensor stop_gradient(Tensor x) { return apply(stop_gradient_op, {x})[0]; }

}  // namespace tandem
