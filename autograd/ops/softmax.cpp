// Softmax over the last axis, with the row's largest element taken off first.
//   y  = exp(x - max(x)) / sum(exp(x - max(x)))
//   dx = y (dy - sum(y dy))
// x, y [..., C]
#include "autograd/ops/softmax.h"

#include "autograd/ops/require.h"
#include "autograd/ops/row_runs.h"
#include "core/cpu/softmax.h"

#include <algorithm>
#include <cmath>

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  require_f32(context, "softmax", 1);
  require_rows(context.in(0), "softmax");
  return {*context.inputs[0]};
}

void reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  std::vector<double>& y = binding.output(0);
  const auto columns = static_cast<size_t>(binding.in(0)[-1]);
  for (size_t row = 0; row < x.size(); row += columns) {
    const auto first = x.begin() + static_cast<std::ptrdiff_t>(row);
    const double most = *std::max_element(first, first + static_cast<std::ptrdiff_t>(columns));
    double sum = 0;
    for (size_t c = row; c < row + columns; ++c) sum += y[c] = std::exp(x[c] - most);
    for (size_t c = row; c < row + columns; ++c) y[c] /= sum;
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [threads = binding.threads, x = binding.input(0), y = binding.output(0),
          rows = rows_of(binding.in(0)),
          columns = binding.in(0)[-1]] { cpu::softmax(*threads, x, y, rows, columns); };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const int64_t columns = binding.in(0)[-1];
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
  std::vector<Dispatch> dispatches;
  for (const RowRun& run : row_runs("softmax", *binding.device, rows_of(binding.in(0)), {bytes})) {
    Dispatch dispatch = row_dispatch(*binding.device, "softmax_forward", run.count, columns);
    dispatch.buffers = {run.of(binding.input(0), bytes), run.of(binding.output(0), bytes)};
    dispatch.writes = 0b10;
    dispatches.push_back(std::move(dispatch));
  }
  return dispatches;
}

std::vector<TensorType> gradient_infer(const OpContext& context) { return {*context.inputs[0]}; }

// Inputs y, dy.
void gradient_reference(const ReferenceBinding& binding) {
  const std::vector<double>& y = binding.input(0);
  const std::vector<double>& dy = binding.input(1);
  const auto columns = static_cast<size_t>(binding.in(0)[-1]);
  for (size_t row = 0; row < y.size(); row += columns) {
    double sum = 0;
    for (size_t c = row; c < row + columns; ++c) sum += y[c] * dy[c];
    for (size_t c = row; c < row + columns; ++c) binding.output(0)[c] = y[c] * (dy[c] - sum);
  }
}

std::function<void()> gradient_cpu(const CpuBinding& binding) {
  return [threads = binding.threads, y = binding.input(0), dy = binding.input(1),
          dx = binding.output(0), rows = rows_of(binding.in(0)), columns = binding.in(0)[-1]] {
    cpu::softmax_gradient(*threads, y, dy, dx, rows, columns);
  };
}

std::vector<Dispatch> gradient_vulkan(const VulkanBinding& binding) {
  const int64_t columns = binding.in(0)[-1];
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float);
  std::vector<Dispatch> dispatches;
  for (const RowRun& run : row_runs("softmax", *binding.device, rows_of(binding.in(0)), {bytes})) {
    Dispatch dispatch = row_dispatch(*binding.device, "softmax_backward", run.count, columns);
    dispatch.buffers = {run.of(binding.input(0), bytes), run.of(binding.input(1), bytes),
                        run.of(binding.output(0), bytes)};
    dispatch.writes = 0b100;
    dispatches.push_back(std::move(dispatch));
  }
  return dispatches;
}

const Op& softmax_gradient_op = register_op({.name = "softmax_gradient",
                                             .infer = gradient_infer,
                                             .reference = gradient_reference,
                                             .cpu = gradient_cpu,
                                             .vulkan = gradient_vulkan});

std::vector<Tensor> gradient(const GradientContext& context) {
  return apply(softmax_gradient_op, {context.outputs[0], context.output_gradients[0]});
}

std::vector<OpCase> cases() {
  const auto build = [](const auto& in) -> std::vector<Tensor> { return {softmax(in[0])}; };
  const auto of = [&](std::string name, const Shape& shape, double low, double high) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, shape}, .low = low, .high = high}},
                  .build = build};
  };
  OpCase scalar = of("a scalar", {}, -1, 1);
  OpCase whole = of("whole numbers", {3, 4}, -1, 1);
  // Central differences with a step in proportion to x would be too coarse.
  OpCase far = of("very large magnitudes", {4, 19}, 4e3, 5e3);
  far.inputs[0].differentiable = false;
  scalar.refused = whole.refused = true;
  whole.inputs[0].type.dtype = DType::i32;
  return {of("three axes", {2, 5, 7}, -2, 2),
          of("one element", {1}, -1, 1),
          of("one column", {9, 1}, -1, 1),
          of("constant rows", {5, 33}, 3, 3),
          of("large magnitudes", {4, 50}, -90, 90),
          far,
          of("wide rows", {3, 1000}, -4, 4),
          of("many rows", {300, 17}, -2, 2),
          scalar,
          whole};
}

const Op& softmax_op = register_op({.name = "softmax",
                                    .infer = infer,
                                    .gradient = gradient,
                                    .reference = reference,
                                    .cpu = cpu,
                                    .vulkan = vulkan,
                                    .cases = cases});

}  // namespace

Tensor softmax(Tensor x) { return apply(softmax_op, {x})[0]; }

}  // namespace tandem
