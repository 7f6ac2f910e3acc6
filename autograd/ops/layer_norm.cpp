// LayerNorm over the last axis (Ba, Kiros & Hinton 2016, section 3).
//   y  = gamma xhat + beta            xhat = (x - mean) rstd,  rstd = 1 / sqrt(var + epsilon)
//   dx = rstd (g - mean(g) - xhat mean(g xhat))              g = gamma dy
//   dgamma = sum over rows of dy xhat     dbeta = sum over rows of dy
// x, y [..., C]   gamma, beta [C]   kept for backward: mean, rstd [...]
#include "autograd/ops/layer_norm.h"

#include "autograd/ops/require.h"
#include "autograd/ops/row_runs.h"
#include "autograd/ops/stored.h"
#include "autograd/remake.h"
#include "core/cpu/layer_norm.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  const Shape& x = context.in(0);
  require_f32(context, "layer_norm", 3);
  require_rows(x, "layer_norm");
  for (const size_t i : {1, 2}) {
    if (context.in(i) != Shape{x[-1]}) {
      fail<ShapeError>(
          "layer_norm: {} is {} but the last axis of x {} is {}; pass {} of shape [{}].",
          i == 1 ? "gamma" : "beta", context.in(i), x, x[-1], i == 1 ? "gamma" : "beta", x[-1]);
    }
  }
  const TensorType rows{DType::f32, Shape(x.axes().first(static_cast<size_t>(x.rank() - 1)))};
  return {*context.inputs[0], rows, rows};
}

void reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  const auto columns = static_cast<size_t>(binding.in(0)[-1]);
  const double epsilon = binding.attributes->number("epsilon");
  for (size_t row = 0; row * columns < x.size(); ++row) {
    double mean = 0, variance = 0;
    for (size_t c = 0; c < columns; ++c) mean += x[row * columns + c];
    mean /= static_cast<double>(columns);
    for (size_t c = 0; c < columns; ++c) variance += std::pow(x[row * columns + c] - mean, 2);
    const double rstd = 1 / std::sqrt(variance / static_cast<double>(columns) + epsilon);
    for (size_t c = 0; c < columns; ++c) {
      binding.output(0)[row * columns + c] =
          (x[row * columns + c] - mean) * rstd * binding.input(1)[c] + binding.input(2)[c];
    }
    binding.output(1)[row] = mean;
    binding.output(2)[row] = rstd;
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [threads = binding.threads, x = binding.input(0), gamma = binding.input(1),
          beta = binding.input(2), y = stored_output(binding, 0), mean = binding.output(1),
          rstd = binding.output(2), rows = rows_of(binding.in(0)), columns = binding.in(0)[-1],
          epsilon = static_cast<float>(binding.attributes->number("epsilon"))] {
    cpu::layer_norm(*threads, x, gamma, beta, y, mean, rstd, rows, columns, epsilon);
  };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const int64_t columns = binding.in(0)[-1];
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
  const auto epsilon = static_cast<float>(binding.attributes->number("epsilon"));
  std::vector<Dispatch> dispatches;
  for (const RowRun& run :
       row_runs("layer_norm", *binding.device, rows_of(binding.in(0)), {bytes, sizeof(float)})) {
    Dispatch dispatch = row_dispatch(*binding.device, "layer_norm_forward", run.count, columns,
                                     {std::bit_cast<uint32_t>(epsilon)});
    dispatch.buffers = {run.of(binding.input(0), bytes),
                        binding.input(1),
                        binding.input(2),
                        run.of(binding.output(0), bytes),
                        run.of(binding.output(1), sizeof(float)),
                        run.of(binding.output(2), sizeof(float))};
    dispatch.writes = 0b111000;
    dispatches.push_back(std::move(dispatch));
  }
  return dispatches;
}

// Inputs x, gamma, mean, rstd, dy; outputs dx, dgamma, dbeta.
std::vector<TensorType> gradient_infer(const OpContext& context) {
  return {*context.inputs[0], *context.inputs[1], *context.inputs[1]};
}

void gradient_reference(const ReferenceBinding& binding) {
  const auto columns = static_cast<size_t>(binding.in(0)[-1]);
  const std::vector<double>& x = binding.input(0);
  for (size_t row = 0; row * columns < x.size(); ++row) {
    const double mean = binding.input(2)[row], rstd = binding.input(3)[row];
    const auto normal = [&](size_t c) { return (x[row * columns + c] - mean) * rstd; };
    const auto slope = [&](size_t c) { return binding.input(4)[row * columns + c]; };
    double mean_g = 0, mean_gx = 0;
    for (size_t c = 0; c < columns; ++c) {
      const double g = slope(c) * binding.input(1)[c];
      mean_g += g / static_cast<double>(columns);
      mean_gx += g * normal(c) / static_cast<double>(columns);
      binding.output(1)[c] += slope(c) * normal(c);
      binding.output(2)[c] += slope(c);
    }
    for (size_t c = 0; c < columns; ++c) {
      const double g = slope(c) * binding.input(1)[c];
      binding.output(0)[row * columns + c] = rstd * (g - mean_g - normal(c) * mean_gx);
    }
  }
}

std::function<void()> gradient_cpu(const CpuBinding& binding) {
  const cpu::LayerNormGradient work{.x = binding.input(0),
                                    .gamma = binding.input(1),
                                    .mean = binding.input(2),
                                    .rstd = binding.input(3),
                                    .dy = stored_input(binding, 4),
                                    .dx = binding.output(0),
                                    .dgamma = binding.output(1),
                                    .dbeta = binding.output(2),
                                    .scratch = reinterpret_cast<float*>(binding.scratch),
                                    .rows = rows_of(binding.in(0)),
                                    .columns = binding.in(0)[-1]};
  return [work, threads = binding.threads] { cpu::layer_norm_gradient(*threads, work); };
}

// Vulkan adds up dgamma and dbeta over so many rows before the parts are added up.
int64_t part_rows(int64_t rows) { return std::max<int64_t>(64, (rows + 4095) / 4096 * 64); }

size_t gradient_scratch(const OpContext& context, const DeviceInfo& device) {
  const int64_t rows = rows_of(context.in(0)), columns = context.in(0)[-1];
  if (device.backend == "cpu") {
    return cpu::layer_norm_gradient_scratch(rows, columns) * sizeof(float);
  }
  const int64_t parts = (rows + part_rows(rows) - 1) / part_rows(rows);
  return static_cast<size_t>(parts * 2 * columns) * sizeof(float);
}

// dx of a run of rows.
Dispatch input_dispatch(const VulkanBinding& binding, const RowRun& run) {
  const int64_t columns = binding.in(0)[-1];
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
  Dispatch dispatch =
      row_dispatch(*binding.device, "layer_norm_backward_input", run.count, columns);
  dispatch.buffers = {
      run.of(binding.input(0), bytes),         binding.input(1),
      run.of(binding.input(2), sizeof(float)), run.of(binding.input(3), sizeof(float)),
      run.of(binding.input(4), bytes),         run.of(binding.output(0), bytes)};
  dispatch.writes = 0b100000;
  return dispatch;
}

// The shares of a run of rows in dgamma and dbeta; `rows` to a part.
Dispatch part_dispatch(const VulkanBinding& binding, const RowRun& run, int64_t rows) {
  const int64_t columns = binding.in(0)[-1];
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
  const auto word = [](int64_t value) { return static_cast<uint32_t>(value); };
  return {.shader = "layer_norm_backward_part",
          .buffers = {run.of(binding.input(0), bytes), run.of(binding.input(2), sizeof(float)),
                      run.of(binding.input(3), sizeof(float)), run.of(binding.input(4), bytes),
                      binding.scratch},
          .writes = 0b10000,
          .push = {word(run.count), word(columns), word(rows), word(run.begin / rows)},
          .workgroups = {word((columns + 63) / 64), word((run.count + rows - 1) / rows), 1}};
}

std::vector<Dispatch> gradient_vulkan(const VulkanBinding& binding) {
  const int64_t rows = rows_of(binding.in(0)), columns = binding.in(0)[-1];
  const int64_t part = part_rows(rows);
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
  std::vector<Dispatch> dispatches;
  for (const RowRun& run :
       row_runs("layer_norm", *binding.device, rows, {bytes, sizeof(float)}, part)) {
    dispatches.push_back(input_dispatch(binding, run));
    dispatches.push_back(part_dispatch(binding, run, part));
  }
  const auto word = [](int64_t value) { return static_cast<uint32_t>(value); };
  dispatches.push_back({.shader = "layer_norm_backward_sum",
                        .buffers = {binding.scratch, binding.output(1), binding.output(2)},
                        .writes = 0b110,
                        .push = {word((rows + part - 1) / part), word(columns)},
                        .workgroups = {word((columns + 63) / 64), 1, 1}});
  return dispatches;
}

const Op& layer_norm_gradient_op = register_op({.name = "layer_norm_gradient",
                                                .infer = gradient_infer,
                                                .reference = gradient_reference,
                                                .cpu = gradient_cpu,
                                                .vulkan = gradient_vulkan,
                                                .scratch = gradient_scratch,
                                                .low_inputs = {4}});

std::vector<Tensor> gradient(const GradientContext& context) {
  return apply(layer_norm_gradient_op, {context.inputs[0], context.inputs[1], context.outputs[1],
                                        context.outputs[2], context.output_gradients[0]});
}

std::vector<OpCase> cases() {
  const auto of = [](std::string name, const Shape& shape, double low, double high) {
    const TensorType vector{DType::f32, {shape[-1]}};
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, shape}, .low = low, .high = high},
                             {.type = vector, .low = 0.5, .high = 1.5},
                             {.type = vector}},
                  .build = [](const auto& in) -> std::vector<Tensor> {
                    return {layer_norm(in[0], in[1], in[2])};
                  }};
  };
  OpCase column = of("one column", {3, 1}, -1, 1);
  column.inputs[0].differentiable = false;  // it is exactly zero, but for rounding
  OpCase short_gamma = of("gamma too short", {2, 6}, -1, 1);
  short_gamma.inputs[1].type.shape = {5};
  short_gamma.refused = true;
  OpCase short_beta = of("beta too short", {2, 6}, -1, 1);
  short_beta.inputs[2].type.shape = {5};
  short_beta.refused = true;
  return {of("three axes", {2, 5, 24}, -2, 2),
          of("an odd width", {7, 37}, -1, 3),
          of("one row", {1, 8}, -1, 1),
          column,
          of("constant rows", {4, 16}, 1, 1),
          of("large magnitudes", {3, 40}, -1e4, 1e4),
          of("a vector", {33}, -1, 1),
          of("many rows", {700, 12}, -1, 1),
          of("wide rows", {3, 1030}, -1, 1),
          short_gamma,
          short_beta};
}

const Op& layer_norm_op = register_op({.name = "layer_norm",
                                       .infer = infer,
                                       .gradient = gradient,
                                       .reference = reference,
                                       .cpu = cpu,
                                       .vulkan = vulkan,
                                       .cases = cases,
                                       .low_outputs = {0}});

const RegisteredRemake layer_norm_remake("layer_norm",
                                         [](Node&, const OpContext&) { return true; });

}  // namespace

Tensor layer_norm(Tensor x, Tensor gamma, Tensor beta, double epsilon) {
  return apply(layer_norm_op, {x, gamma, beta}, {{"epsilon", epsilon}})[0];
}

}  // namespace tandem
