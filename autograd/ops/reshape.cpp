// Reshape: a view.   y = x   dx = dy
#include "autograd/ops/reshape.h"

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  const Shape shape(context.attributes->integers("shape"));
  if (shape.elements() != context.in(0).elements()) {
    fail<ShapeError>("reshape: {} has {} elements but {} has {}.", context.in(0),
                     context.in(0).elements(), shape, shape.elements());
  }
  return {{context.inputs[0]->dtype, shape}};
}

std::vector<Tensor> gradient(const GradientContext& context) {
  return {reshape(context.output_gradients[0], context.inputs[0].shape())};
}

void reference(const ReferenceBinding& binding) { binding.output(0) = binding.input(0); }

std::vector<OpCase> cases() {
  const CaseInput x{.type = {DType::f32, {2, 3, 5}}};
  return {
      {.name = "to two axes",
       .inputs = {x},
       .build = [](const auto& in) -> std::vector<Tensor> { return {reshape(in[0], {6, 5})}; }},
      {.name = "another count",
       .inputs = {x},
       .build = [](const auto& in) -> std::vector<Tensor> { return {reshape(in[0], {6, 6})}; },
       .refused = true},
  };
}

const Op& reshape_op = register_op({.name = "reshape",
                                    .infer = infer,
                                    .gradient = gradient,
                                    .reference = reference,
                                    .cases = cases,
                                    .view = true});

}  // namespace

Tensor reshape(Tensor x, const Shape& shape) {
  const std::vector<int64_t> axes(shape.axes().begin(), shape.axes().end());
  return apply(reshape_op, {x}, {{"shape", axes}})[0];
}

}  // namespace tandem
