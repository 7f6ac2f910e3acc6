// One row of every sample, such as the one at the end token.
//   y[n, c] = x[n, index[n], c]      dx[n, t, c] = dy[n, c] where t = index[n], else 0
#include "autograd/cost.h"
#include "autograd/ops/dispatch.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/row_runs.h"
#include "core/cpu/movement.h"

#include <algorithm>

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  const TensorType& x = *context.inputs[0];
  const TensorType& index = *context.inputs[1];
  if (x.dtype != DType::f32 || x.shape.rank() != 3) {
    fail<ShapeError>("gather_rows: x is {}; expected f32 [N, T, C].", x.str());
  }
  if (index != TensorType{DType::i32, {x.shape[0]}}) {
    fail<ShapeError>("gather_rows: index is {} but x is {}; expected i32 [{}].", index.str(),
                     x.str(), x.shape[0]);
  }
  return {{DType::f32, {x.shape[0], x.shape[2]}}};
}

// Where element i of [N, C] lies in [N, T, C].
size_t place(const Shape& x, const std::vector<double>& index, size_t i) {
  const auto columns = static_cast<size_t>(x[2]);
  const double row = std::clamp(index[i / columns], 0.0, static_cast<double>(x[1] - 1));
  return (i / columns * static_cast<size_t>(x[1]) + static_cast<size_t>(row)) * columns +
         i % columns;
}

void reference(const ReferenceBinding& binding) {
  for (size_t i = 0; i < binding.output(0).size(); ++i) {
    binding.output(0)[i] = binding.input(0)[place(binding.in(0), binding.input(1), i)];
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  const Shape x = binding.in(0);
  const auto* from = binding.input<uint32_t>(0);
  const auto* index = binding.input<int32_t>(1);
  auto* to = binding.output<uint32_t>(0);
  Threads* threads = binding.threads;
  return [=] { cpu_gather_rows(*threads, x[0], x[1], x[1], x[2], from, index, to); };
}

// The dispatch for runs of samples, each of `from` and `to` bytes and an index; `each` floats of
// the output are an invocation's.
std::vector<Dispatch> cut_by_samples(const VulkanBinding& binding, Dispatch dispatch,
                                     int64_t samples, size_t from, size_t to, int64_t each) {
  dispatch.writes = 0b100;
  dispatch.specialization = {each == 4 ? 1u : 0u};
  std::vector<Dispatch> all;
  for (const RowRun& run : row_runs("gather_rows", *binding.device, samples, {from, 4, to})) {
    dispatch.buffers = {run.of(binding.input(0), from), run.of(binding.input(1), 4),
                        run.of(binding.output(0), to)};
    const auto floats = static_cast<int64_t>(to / sizeof(float));
    all.push_back(strided_dispatch(*binding.device, dispatch, run.count * floats / each, 512));
  }
  return all;
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const Shape& x = binding.in(0);
  const int64_t each = x[2] % 4 == 0 ? 4 : 1;
  const auto [multiplier, shift] = divisor_words(x[2] / each);
  const size_t row = static_cast<size_t>(x[2]) * sizeof(float);
  Dispatch dispatch;
  dispatch.shader = "gather_rows";
  dispatch.push = {static_cast<uint32_t>(x[1]),
                   static_cast<uint32_t>(x[1]),
                   static_cast<uint32_t>(x[2] / each),
                   multiplier,
                   shift,
                   0,
                   ~0u};
  return cut_by_samples(binding, std::move(dispatch), x[0], static_cast<size_t>(x[1]) * row, row,
                        each);
}

// Inputs dy, index; attribute "rows" is T.
std::vector<TensorType> infer_gradient(const OpContext& context) {
  const Shape& dy = context.in(0);
  return {{DType::f32, {dy[0], context.attributes->integer("rows"), dy[1]}}};
}

void reference_gradient(const ReferenceBinding& binding) {
  for (size_t i = 0; i < binding.input(0).size(); ++i) {
    binding.output(0)[place(binding.out(0), binding.input(1), i)] = binding.input(0)[i];
  }
}

std::function<void()> cpu_gradient(const CpuBinding& binding) {
  const Shape dx = binding.out(0);
  const auto* from = binding.input<uint32_t>(0);
  const auto* index = binding.input<int32_t>(1);
  auto* to = binding.output<uint32_t>(0);
  Threads* threads = binding.threads;
  return [=] { cpu_scatter_rows(*threads, dx[0], dx[1], dx[2], from, index, to); };
}

std::vector<Dispatch> vulkan_gradient(const VulkanBinding& binding) {
  const Shape& dx = binding.out(0);
  const auto rows = divisor_words(dx[1]);
  const int64_t each = dx[2] % 4 == 0 ? 4 : 1;
  const auto columns = divisor_words(dx[2] / each);
  const size_t row = static_cast<size_t>(dx[2]) * sizeof(float);
  Dispatch dispatch;
  dispatch.shader = "scatter_rows";
  dispatch.push = {static_cast<uint32_t>(dx[1]),        rows[0],    rows[1],
                   static_cast<uint32_t>(dx[2] / each), columns[0], columns[1]};
  return cut_by_samples(binding, std::move(dispatch), dx[0], row, static_cast<size_t>(dx[1]) * row,
                        each);
}

const Op& gather_rows_gradient_op = register_op({.name = "gather_rows_gradient",
                                                 .infer = infer_gradient,
                                                 .reference = reference_gradient,
                                                 .cpu = cpu_gradient,
                                                 .vulkan = vulkan_gradient});

std::vector<Tensor> gradient(const GradientContext& context) {
  const Tensor dx = apply(gather_rows_gradient_op, {context.output_gradients[0], context.inputs[1]},
                          {{"rows", context.inputs[0].shape()[1]}})[0];
  return {dx, Tensor()};
}

std::vector<OpCase> cases() {
  const auto item = [](std::string name, const Shape& x, const Shape& index, double low,
                       double high) {
    return OpCase{
        .name = std::move(name),
        .inputs = {{.type = {DType::f32, x}},
                   {.type = {DType::i32, index}, .low = low, .high = high}},
        .build = [](const auto& in) -> std::vector<Tensor> { return {gather_rows(in[0], in[1])}; }};
  };
  OpCase refused = item("another batch", {3, 4, 5}, {4}, 0, 4);
  refused.refused = true;
  return {item("rows", {6, 7, 33}, {6}, 0, 7),
          item("wide rows", {6, 7, 32}, {6}, 0, 7),
          item("one element", {1, 1, 1}, {1}, 0, 1),
          item("beyond one workgroup", {9, 3, 130}, {9}, 0, 3),
          item("indices out of range", {6, 4, 5}, {6}, -3, 9),
          refused};
}

const Op& gather_rows_op = register_op({.name = "gather_rows",
                                        .infer = infer,
                                        .gradient = gradient,
                                        .reference = reference,
                                        .cpu = cpu,
                                        .vulkan = vulkan,
                                        .cases = cases});

// Of the source it reads as much as it writes.
const RegisteredCost gather_rows_cost("gather_rows", [](const OpContext& context) -> Cost {
  return {0, 2.0 * static_cast<double>(context.outputs[0]->bytes())};
});

}  // namespace

Tensor gather_rows(Tensor x, Tensor index) { return apply(gather_rows_op, {x, index})[0]; }

}  // namespace tandem
