// y = a + b   (same shapes for now)
#include "autograd/ops/binary.h"

#include "core/cpu/threads.h"

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  if (context.in(0) != context.in(1)) {
    fail<ShapeError>("add: {} and {} differ.", context.in(0), context.in(1));
  }
  return {*context.inputs[0]};
}

std::vector<Tensor> gradient(const GradientContext& context) {
  return {context.output_gradients[0], context.output_gradients[0]};
}

void reference(const ReferenceBinding& binding) {
  for (size_t i = 0; i < binding.output(0).size(); ++i) {
    binding.output(0)[i] = binding.input(0)[i] + binding.input(1)[i];
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  const float* a = binding.input(0);
  const float* b = binding.input(1);
  float* y = binding.output(0);
  const int64_t count = binding.out(0).elements();
  Threads* threads = binding.threads;
  return [=] {
    threads->ranges(count, 16384, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) y[i] = a[i] + b[i];
    });
  };
}

std::vector<OpCase> cases() {
  return {{.name = "one shape",
           .inputs = {{.type = {DType::f32, {3, 7}}}, {.type = {DType::f32, {3, 7}}}},
           .build = [](const auto& in) -> std::vector<Tensor> { return {add(in[0], in[1])}; }}};
}

const Op& add_op = register_op({.name = "add",
                                .infer = infer,
                                .gradient = gradient,
                                .reference = reference,
                                .cpu = cpu,
                                .cases = cases,
                                .in_place = {0, 1}});

}  // namespace

Tensor add(Tensor a, Tensor b) { return apply(add_op, {a, b})[0]; }

}  // namespace tandem
