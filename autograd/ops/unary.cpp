// Functions of every element.
//   y = exp(x)     dx = dy y
//   y = log(x)     dx = dy / x
//   y = sqrt(x)    dx = dy / (2 y)
//   y = f x        dx = f dy
#include "autograd/ops/unary.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/dispatch.h"
#include "core/cpu/elementwise.h"
#include "core/cpu/threads.h"

#include <bit>
#include <cmath>

namespace tandem {

namespace {

constexpr std::string_view name_of(UnaryKind kind) {
  constexpr std::string_view names[] = {"exp", "log", "sqrt", "scale"};
  return names[static_cast<size_t>(kind)];
}

template <UnaryKind kind>
std::vector<TensorType> infer(const OpContext& context) {
  if (context.inputs[0]->dtype != DType::f32) {
    fail<ShapeError>("{}: x is {} but only f32 is supported; cast it.", name_of(kind),
                     context.inputs[0]->str());
  }
  return {*context.inputs[0]};
}

template <UnaryKind kind>
std::vector<Tensor> gradient(const GradientContext& context) {
  const Tensor dy = context.output_gradients[0];
  switch (kind) {
    case UnaryKind::exp:
      return {mul(dy, context.outputs[0])};
    case UnaryKind::log:
      return {div(dy, context.inputs[0])};
    case UnaryKind::sqrt:
      return {scale(div(dy, context.outputs[0]), 0.5)};
    case UnaryKind::scale:
      return {scale(dy, context.attributes->number("factor"))};
  }
}

template <UnaryKind kind>
void reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  for (size_t i = 0; i < x.size(); ++i) {
    double& y = binding.output(0)[i];
    if constexpr (kind == UnaryKind::exp) y = std::exp(x[i]);
    if constexpr (kind == UnaryKind::log) y = std::log(x[i]);
    if constexpr (kind == UnaryKind::sqrt) y = std::sqrt(x[i]);
    if constexpr (kind == UnaryKind::scale) y = x[i] * binding.attributes->number("factor");
  }
}

template <UnaryKind kind>
float factor_of(const OpContext& context) {
  if constexpr (kind != UnaryKind::scale) return 1.0f;
  return static_cast<float>(context.attributes->number("factor"));
}

template <UnaryKind kind>
std::function<void()> cpu(const CpuBinding& binding) {
  const float* x = binding.input(0);
  float* y = binding.output(0);
  const int64_t count = binding.out(0).elements();
  const float factor = factor_of<kind>(binding);
  Threads* threads = binding.threads;
  return [=] {
    threads->ranges(count, 16384, [=](int64_t begin, int64_t end) {
      cpu_unary(kind, x + begin, factor, y + begin, end - begin);
    });
  };
}

template <UnaryKind kind>
std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  Dispatch dispatch;
  dispatch.shader = name_of(kind);
  dispatch.buffers = {binding.input(0), binding.output(0)};
  dispatch.writes = 0b10;
  dispatch.push = {std::bit_cast<uint32_t>(factor_of<kind>(binding))};
  return elementwise_dispatches(*binding.device, dispatch, binding.out(0).elements(), 512);
}

// Values within [low, high), where the function and its gradient are finite.
template <Tensor (*build)(Tensor)>
std::vector<OpCase> cases(double low, double high) {
  const auto item = [=](std::string name, const Shape& shape) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, shape}, .low = low, .high = high}},
                  .build = [](const auto& in) -> std::vector<Tensor> { return {build(in[0])}; }};
  };
  OpCase refused = item("whole numbers", {3});
  refused.inputs[0].type.dtype = DType::i32;
  refused.refused = true;
  return {item("two axes", {3, 7}), item("one element", {1}),
          item("beyond one workgroup", {11, 401}), refused};
}

std::vector<OpCase> exp_cases() {
  std::vector<OpCase> all = cases<exp>(-3, 3);
  OpCase large = all[0];
  large.name = "large values";
  large.inputs[0].low = 60;
  large.inputs[0].high = 80;
  all.push_back(large);
  return all;
}

std::vector<OpCase> log_cases() { return cases<log>(0.1, 50); }
std::vector<OpCase> sqrt_cases() { return cases<sqrt>(0.1, 50); }

Tensor scale_by_three(Tensor x) { return scale(x, -3.0); }
std::vector<OpCase> scale_cases() { return cases<scale_by_three>(-5, 5); }

template <UnaryKind kind>
const Op& registered(std::vector<OpCase> (*cases)()) {
  return register_op({.name = name_of(kind),
                      .infer = infer<kind>,
                      .gradient = gradient<kind>,
                      .reference = reference<kind>,
                      .cpu = cpu<kind>,
                      .vulkan = vulkan<kind>,
                      .cases = cases,
                      .in_place = {0}});
}

const Op& exp_op = registered<UnaryKind::exp>(exp_cases);
const Op& log_op = registered<UnaryKind::log>(log_cases);
const Op& sqrt_op = registered<UnaryKind::sqrt>(sqrt_cases);
const Op& scale_op = registered<UnaryKind::scale>(scale_cases);

}  // namespace

Tensor exp(Tensor x) { return apply(exp_op, {x})[0]; }
Tensor log(Tensor x) { return apply(log_op, {x})[0]; }
Tensor sqrt(Tensor x) { return apply(sqrt_op, {x})[0]; }

Tensor scale(Tensor x, double factor) {
  return factor == 1.0 ? x : apply(scale_op, {x}, {{"factor", factor}})[0];
}

}  // namespace tandem
