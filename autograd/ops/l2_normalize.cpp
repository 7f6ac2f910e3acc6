// Length normalisation over the last axis (CLIP, Radford et al. 2021, figure 3).
//   y  = x / r                        r = max(|x|, epsilon)
//   dx = (dy - y sum(y dy)) / r       and dy / r where |x| < epsilon
// x, y [..., C]
#include "autograd/ops/l2_normalize.h"

#include "autograd/ops/require.h"
#include "autograd/ops/row_runs.h"
#include "core/cpu/layer_norm.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  require_f32(context, "l2_normalize", 1);
  require_rows(context.in(0), "l2_normalize");
  return {*context.inputs[0]};
}

double length(const std::vector<double>& x, size_t begin, size_t end) {
  double sum = 0;
  for (size_t i = begin; i < end; ++i) sum += x[i] * x[i];
  return std::sqrt(sum);
}

void reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  const auto columns = static_cast<size_t>(binding.in(0)[-1]);
  for (size_t row = 0; row < x.size(); row += columns) {
    const double r = std::max(length(x, row, row + columns), binding.attributes->number("epsilon"));
    for (size_t i = row; i < row + columns; ++i) binding.output(0)[i] = x[i] / r;
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [threads = binding.threads, x = binding.input(0), y = binding.output(0),
          rows = rows_of(binding.in(0)), columns = binding.in(0)[-1],
          epsilon = static_cast<float>(binding.attributes->number("epsilon"))] {
    cpu::l2_normalize(*threads, x, y, rows, columns, epsilon);
  };
}

// A dispatch for each run of rows; `inputs` inputs and one output, all of x's shape.
std::vector<Dispatch> dispatches_of(const VulkanBinding& binding, const char* shader,
                                    size_t inputs) {
  const int64_t columns = binding.in(0)[-1];
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
  const auto epsilon = static_cast<float>(binding.attributes->number("epsilon"));
  std::vector<Dispatch> dispatches;
  for (const RowRun& run :
       row_runs("l2_normalize", *binding.device, rows_of(binding.in(0)), {bytes})) {
    Dispatch dispatch = row_dispatch(*binding.device, shader, run.count, columns,
                                     {std::bit_cast<uint32_t>(epsilon)});
    for (size_t i = 0; i < inputs; ++i) {
      dispatch.buffers.push_back(run.of(binding.input(i), bytes));
    }
    dispatch.buffers.push_back(run.of(binding.output(0), bytes));
    dispatch.writes = 1u << inputs;
    dispatches.push_back(std::move(dispatch));
  }
  return dispatches;
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  return dispatches_of(binding, "l2_normalize_forward", 1);
}

std::vector<TensorType> gradient_infer(const OpContext& context) { return {*context.inputs[0]}; }

// Inputs x, dy.
void gradient_reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  const std::vector<double>& dy = binding.input(1);
  const auto columns = static_cast<size_t>(binding.in(0)[-1]);
  const double epsilon = binding.attributes->number("epsilon");
  for (size_t row = 0; row < x.size(); row += columns) {
    const double norm = length(x, row, row + columns);
    const double r = std::max(norm, epsilon);
    double along = 0;
    for (size_t i = row; i < row + columns; ++i) along += norm < epsilon ? 0 : x[i] * dy[i] / r;
    for (size_t i = row; i < row + columns; ++i) {
      binding.output(0)[i] = (dy[i] - x[i] / r * along) / r;
    }
  }
}

std::function<void()> gradient_cpu(const CpuBinding& binding) {
  return [threads = binding.threads, x = binding.input(0), dy = binding.input(1),
          dx = binding.output(0), rows = rows_of(binding.in(0)), columns = binding.in(0)[-1],
          epsilon = static_cast<float>(binding.attributes->number("epsilon"))] {
    cpu::l2_normalize_gradient(*threads, x, dy, dx, rows, columns, epsilon);
  };
}

std::vector<Dispatch> gradient_vulkan(const VulkanBinding& binding) {
  return dispatches_of(binding, "l2_normalize_backward", 2);
}

const Op& l2_normalize_gradient_op = register_op({.name = "l2_normalize_gradient",
                                                  .infer = gradient_infer,
                                                  .reference = gradient_reference,
                                                  .cpu = gradient_cpu,
                                                  .vulkan = gradient_vulkan});

std::vector<Tensor> gradient(const GradientContext& context) {
  return apply(l2_normalize_gradient_op, {context.inputs[0], context.output_gradients[0]},
               {{"epsilon", context.attributes->number("epsilon")}});
}

std::vector<OpCase> cases() {
  const auto of = [](std::string name, const Shape& shape, double low, double high,
                     double epsilon) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, shape}, .low = low, .high = high}},
                  .build = [epsilon](const auto& in) -> std::vector<Tensor> {
                    return {l2_normalize(in[0], epsilon)};
                  }};
  };
  OpCase scalar = of("a scalar", {}, -1, 1, 1e-12);
  scalar.refused = true;
  return {of("three axes", {2, 5, 7}, -2, 2, 1e-12),
          of("wide rows", {3, 515}, -1, 1, 1e-12),
          of("many rows", {300, 17}, -1, 1, 1e-12),
          of("large magnitudes", {4, 50}, -1e4, 1e4, 1e-12),
          of("constant rows", {3, 16}, 2, 2, 1e-12),
          of("rows shorter than epsilon", {6, 9}, -1, 1, 100),
          scalar};
}

const Op& l2_normalize_op = register_op({.name = "l2_normalize",
                                         .infer = infer,
                                         .gradient = gradient,
                                         .reference = reference,
                                         .cpu = cpu,
                                         .vulkan = vulkan,
                                         .cases = cases});

}  // namespace

Tensor l2_normalize(Tensor x, double epsilon) {
  return apply(l2_normalize_op, {x}, {{"epsilon", epsilon}})[0];
}

}  // namespace tandem
