// Activations, element by element (formulas in autograd/ops/activation.h).
//   y  = f(x)
//   dx = f'(x) dy
//   gelu        f' = Phi(x) + x phi(x)                    phi the normal density
//   gelu_tanh   f' = s + x s (1 - s) 2 u'(x)              s = sigmoid(2 u), u the tanh's argument
//   quick_gelu  f' = s + 1.702 x s (1 - s)                s = sigmoid(1.702 x)
//   relu        f' = x > 0
//   silu        f' = s + x s (1 - s)                      s = sigmoid(x)
//   sigmoid     f' = s (1 - s)
#include "autograd/ops/activation.h"

#include "autograd/ops/dispatch.h"
#include "autograd/ops/stored.h"
#include "autograd/remake.h"
#include "core/cpu/activation.h"

#include <cmath>
#include <numbers>

namespace tandem {

namespace {

Activation kind_of(const OpContext& context) {
  return static_cast<Activation>(context.attributes->integer("kind"));
}

std::vector<TensorType> infer(const OpContext& context) {
  if (context.inputs[0]->dtype != DType::f32) {
    fail<ShapeError>("activation: x is {}; pass an f32 tensor.", context.inputs[0]->str());
  }
  return {*context.inputs[0]};
}

std::vector<Tensor> gradient(const GradientContext& context) {
  const auto kind = static_cast<Activation>(context.attributes->integer("kind"));
  return {activation_gradient(context.inputs[0], context.output_gradients[0], kind)};
}

void reference(const ReferenceBinding& binding) {
  for (size_t i = 0; i < binding.output(0).size(); ++i) {
    binding.output(0)[i] = activation_reference(binding.input(0)[i], kind_of(binding));
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [threads = binding.threads, kind = kind_of(binding), x = stored_input(binding, 0),
          y = stored_output(binding, 0),
          count = binding.out(0).elements()] { activation_forward(*threads, kind, x, y, count); };
}

// One of the two shaders over `count` elements.
std::vector<Dispatch> dispatches(const VulkanBinding& binding, const char* shader,
                                 std::vector<BufferRange> buffers) {
  const uint32_t last = static_cast<uint32_t>(buffers.size()) - 1;
  const Dispatch whole{.shader = shader,
                       .buffers = std::move(buffers),
                       .writes = 1u << last,
                       .specialization = {static_cast<uint32_t>(kind_of(binding))}};
  return elementwise_dispatches(*binding.device, whole, binding.out(0).elements(), 512);
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  return dispatches(binding, "activation", {binding.input(0), binding.output(0)});
}

std::vector<Dispatch> gradient_vulkan(const VulkanBinding& binding) {
  return dispatches(binding, "activation_gradient",
                    {binding.input(0), binding.input(1), binding.output(0)});
}

std::vector<TensorType> gradient_infer(const OpContext& context) {
  if (*context.inputs[0] != *context.inputs[1]) {
    fail<ShapeError>("activation_gradient: x is {} but dy is {}; pass two of one type.",
                     context.inputs[0]->str(), context.inputs[1]->str());
  }
  return {*context.inputs[0]};
}

void gradient_reference(const ReferenceBinding& binding) {
  for (size_t i = 0; i < binding.output(0).size(); ++i) {
    binding.output(0)[i] =
        derivative_reference(binding.input(0)[i], kind_of(binding)) * binding.input(1)[i];
  }
}

std::function<void()> gradient_cpu(const CpuBinding& binding) {
  return [threads = binding.threads, kind = kind_of(binding), x = stored_input(binding, 0),
          dy = stored_input(binding, 1), dx = stored_output(binding, 0),
          count = binding.out(0).elements()] {
    activation_backward(*threads, kind, x, dy, dx, count);
  };
}

std::vector<OpCase> cases() {
  constexpr std::pair<const char*, Activation> kinds[] = {{"gelu", Activation::gelu},
                                                          {"gelu_tanh", Activation::gelu_tanh},
                                                          {"quick_gelu", Activation::quick_gelu},
                                                          {"relu", Activation::relu},
                                                          {"silu", Activation::silu},
                                                          {"sigmoid", Activation::sigmoid}};
  std::vector<OpCase> all;
  for (const auto& [name, kind] : kinds) {
    const auto build = [kind = kind](const auto& in) -> std::vector<Tensor> {
      return {activate(in[0], kind)};
    };
    const auto add = [&](const char* what, const Shape& shape, double range) {
      all.push_back({.name = fmt::format("{} of {}", name, what),
                     .inputs = {{.type = {DType::f32, shape}, .low = -range, .high = range}},
                     .build = build});
    };
    add("a matrix", {13, 37}, 4);
    add("one element", {1}, 1);
    add("large values", {3, 50}, 200);
  }
  all.push_back({.name = "gelu of more than one workgroup",
                 .inputs = {{.type = {DType::f32, {150, 131}}, .low = -6, .high = 6}},
                 .build = [](const auto& in) -> std::vector<Tensor> { return {gelu(in[0])}; }});
  all.push_back({.name = "whole numbers",
                 .inputs = {{.type = {DType::i32, {4}}}},
                 .build = [](const auto& in) -> std::vector<Tensor> { return {gelu(in[0])}; },
                 .refused = true});
  return all;
}

const Op& forward_op = register_op({.name = "activation",
                                    .infer = infer,
                                    .gradient = gradient,
                                    .reference = reference,
                                    .cpu = cpu,
                                    .vulkan = vulkan,
                                    .cases = cases,
                                    .in_place = {0},
                                    .low_inputs = {0},
                                    .low_outputs = {0}});

const Op& activation_gradient_op = register_op({.name = "activation_gradient",
                                                .infer = gradient_infer,
                                                .reference = gradient_reference,
                                                .cpu = gradient_cpu,
                                                .vulkan = gradient_vulkan,
                                                .in_place = {0, 1},
                                                .low_inputs = {0, 1},
                                                .low_outputs = {0}});

const RegisteredRemake forward_remake("activation", [](Node&, const OpContext&) { return true; });

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

double tanh_argument(double x) {
  return std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
}

}  // namespace

Tensor activate(Tensor x, Activation kind) {
  if (kind == Activation::none) return x;
  return apply(forward_op, {x}, {{"kind", static_cast<int64_t>(kind)}})[0];
}

Tensor activation_gradient(Tensor x, Tensor dy, Activation kind) {
  return apply(activation_gradient_op, {x, dy}, {{"kind", static_cast<int64_t>(kind)}})[0];
}

const Op& activation_op() { return forward_op; }

double activation_reference(double x, Activation kind) {
  switch (kind) {
    case Activation::none:
      return x;
    case Activation::gelu:
      return x * 0.5 * std::erfc(-x * std::numbers::sqrt2 / 2);
    case Activation::gelu_tanh:
      return x * logistic(2 * tanh_argument(x));
    case Activation::quick_gelu:
      return x * logistic(1.702 * x);
    case Activation::relu:
      return x > 0 ? x : 0 * x;
    case Activation::silu:
      return x * logistic(x);
    case Activation::sigmoid:
      return logistic(x);
  }
  return x;
}

double derivative_reference(double x, Activation kind) {
  const auto gated = [x](double factor) {
    const double s = logistic(factor * x);
    return s + factor * x * s * (1 - s);
  };
  switch (kind) {
    case Activation::none:
      return 1;
    case Activation::gelu:
      return 0.5 * std::erfc(-x * std::numbers::sqrt2 / 2) +
             x * std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    case Activation::gelu_tanh: {
      const double s = logistic(2 * tanh_argument(x));
      const double slope = std::sqrt(2 / std::numbers::pi) * (1 + 3 * 0.044715 * x * x);
      return s + x * s * (1 - s) * 2 * slope;
    }
    case Activation::quick_gelu:
      return gated(1.702);
    case Activation::relu:
      return x > 0 ? 1 : 0;
    case Activation::silu:
      return gated(1);
    case Activation::sigmoid:
      return logistic(x) * (1 - logistic(x));
  }
  return 1;
}

}  // namespace tandem
