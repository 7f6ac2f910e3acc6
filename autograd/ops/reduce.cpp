// Sums over axes and broadcasting, each the other's gradient. The ops themselves take one run of
// neighbouring axes [first, last); others are built of several.
//   sum:           y[o, i] = f sum_l x[o, l, i]         dx[o, l, i] = f dy[o, i]
//   broadcast_to:  y[o, l, i] = f x[o, i]               dx[o, i] = f sum_l dy[o, l, i]
#include "autograd/ops/reduce.h"

#include "autograd/ops/dispatch.h"
#include "autograd/ops/reduce_axes.h"
#include "autograd/ops/reduce_dispatch.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/row_runs.h"
#include "autograd/ops/unary.h"
#include "core/cpu/threads.h"

#include <bit>

namespace tandem {

namespace {

Tensor sum_run(Tensor x, AxisRun run, double factor);
Tensor expand_run(Tensor x, AxisRun run, int64_t length, double factor);

// [outer, length, inner] of the larger side of a node with a run of axes [first, last) of 1s on
// its smaller side.
ReduceSize size_of(const Shape& larger, const Attributes& attributes) {
  return reduce_size(larger, run_of(attributes));
}

float factor_of(const OpContext& context) {
  return static_cast<float>(context.attributes->number("factor"));
}

std::vector<TensorType> infer_sum(const OpContext& context) {
  require_f32("sum", *context.inputs[0]);
  return {{DType::f32, reduced(context.in(0), run_of(*context.attributes))}};
}

std::vector<Tensor> gradient_of_sum(const GradientContext& context) {
  const AxisRun run = run_of(*context.attributes);
  const ReduceSize size = reduce_size(context.inputs[0].shape(), run);
  const Tensor dx = expand_run(context.output_gradients[0], run, size.length,
                               context.attributes->number("factor"));
  return {reshape(dx, context.inputs[0].shape())};
}

void reference_sum(const ReferenceBinding& binding) {
  const ReduceSize size = size_of(binding.in(0), *binding.attributes);
  const double factor = binding.attributes->number("factor");
  for (int64_t at = 0; at < size.outer * size.inner; ++at) {
    double sum = 0;
    for (int64_t l = 0; l < size.length; ++l) {
      sum += binding.input(0)[element(size, at / size.inner, l, at % size.inner)];
    }
    binding.output(0)[static_cast<size_t>(at)] = sum * factor;
  }
}

std::function<void()> cpu_sum_kernel(const CpuBinding& binding) {
  const ReduceSize size = size_of(binding.in(0), *binding.attributes);
  const float* x = binding.input(0);
  float* y = binding.output(0);
  auto* scratch = reinterpret_cast<float*>(binding.scratch);
  const float factor = factor_of(binding);
  Threads* threads = binding.threads;
  return [=] { cpu_sum(*threads, size, x, factor, y, scratch); };
}

std::vector<Dispatch> vulkan_sum(const VulkanBinding& binding) {
  return reduction_dispatches(*binding.device, "sum", size_of(binding.in(0), *binding.attributes),
                              binding.input(0), binding.output(0), factor_of(binding),
                              binding.scratch);
}

size_t scratch_of_sum(const OpContext& context, const DeviceInfo& device) {
  const ReduceSize size = size_of(context.in(0), *context.attributes);
  if (device.backend != "cpu") return reduction_scratch(device, size);
  return static_cast<size_t>(cpu_sum_scratch(size)) * sizeof(float);
}

std::vector<TensorType> infer_expand(const OpContext& context) {
  require_f32("broadcast_to", *context.inputs[0]);
  return {{DType::f32, Shape(context.attributes->integers("shape"))}};
}

std::vector<Tensor> gradient_of_expand(const GradientContext& context) {
  const Tensor dx = sum_run(context.output_gradients[0], run_of(*context.attributes),
                            context.attributes->number("factor"));
  return {reshape(dx, context.inputs[0].shape())};
}

void reference_expand(const ReferenceBinding& binding) {
  const ReduceSize size = size_of(binding.out(0), *binding.attributes);
  const double factor = binding.attributes->number("factor");
  for (int64_t at = 0; at < size.outer * size.inner; ++at) {
    for (int64_t l = 0; l < size.length; ++l) {
      binding.output(0)[element(size, at / size.inner, l, at % size.inner)] =
          binding.input(0)[static_cast<size_t>(at)] * factor;
    }
  }
}

std::function<void()> cpu_expand_kernel(const CpuBinding& binding) {
  const ReduceSize size = size_of(binding.out(0), *binding.attributes);
  const float* x = binding.input(0);
  float* y = binding.output(0);
  const float factor = factor_of(binding);
  Threads* threads = binding.threads;
  return [=] { cpu_expand(*threads, size, x, factor, y); };
}

std::vector<Dispatch> vulkan_expand(const VulkanBinding& binding) {
  const ReduceSize size = size_of(binding.out(0), *binding.attributes);
  const auto length = divisor_words(size.length);
  const int64_t each = size.inner % 4 == 0 ? 4 : 1;
  const auto inner = divisor_words(size.inner / each);
  // Cut along the outer axis or, where that is one, along the run.
  const bool whole = size.outer > 1;
  const size_t from = static_cast<size_t>(size.inner) * sizeof(float);
  const int64_t row = whole ? size.length * size.inner : size.inner;
  const size_t to = static_cast<size_t>(row) * sizeof(float);
  std::vector<Dispatch> all;
  for (const RowRun& run :
       row_runs("broadcast_to", *binding.device, whole ? size.outer : size.length, {from, to}, 4)) {
    Dispatch dispatch;
    dispatch.shader = "broadcast_to";
    dispatch.buffers = {whole ? run.of(binding.input(0), from) : binding.input(0),
                        run.of(binding.output(0), to)};
    dispatch.writes = 0b10;
    dispatch.specialization = {each == 4 ? 1u : 0u};
    dispatch.push = {static_cast<uint32_t>(size.length),         length[0], length[1],
                     static_cast<uint32_t>(size.inner / each),   inner[0],  inner[1],
                     std::bit_cast<uint32_t>(factor_of(binding))};
    all.push_back(
        strided_dispatch(*binding.device, std::move(dispatch), run.count * row / each, 512));
  }
  return all;
}

OpCase item(std::string name, const Shape& shape,
            std::function<Tensor(const std::vector<Tensor>&)> build) {
  return {.name = std::move(name),
          .inputs = {{.type = {DType::f32, shape}}},
          .build = [build](const auto& in) -> std::vector<Tensor> { return {build(in)}; }};
}

std::vector<OpCase> sum_cases() {
  OpCase refused =
      item("an axis that is not there", {3, 4}, [](const auto& in) { return sum(in[0], {2}); });
  refused.refused = true;
  OpCase twice = item("an axis twice", {3, 4}, [](const auto& in) { return sum(in[0], {1, -1}); });
  twice.refused = true;
  OpCase large = item("large values", {9, 5}, [](const auto& in) { return sum(in[0], {0}); });
  large.inputs[0].low = 1e20;
  large.inputs[0].high = 3e20;
  OpCase constant = item("constant rows", {7, 700}, [](const auto& in) { return sum(in[0], {1}); });
  constant.inputs[0].low = 3;
  constant.inputs[0].high = 3;
  return {item("rows", {5, 37}, [](const auto& in) { return sum(in[0], {1}); }),
          item("rows, kept", {5, 37}, [](const auto& in) { return sum(in[0], {-1}, true); }),
          item("columns", {37, 5}, [](const auto& in) { return sum(in[0], {0}); }),
          item("many columns", {9, 1100}, [](const auto& in) { return sum(in[0], {0}); }),
          item("many rows", {1100, 3}, [](const auto& in) { return sum(in[0], {0}); }),
          item("long rows", {2, 40000}, [](const auto& in) { return sum(in[0], {1}); }),
          item("the middle", {3, 70, 5}, [](const auto& in) { return sum(in[0], {1}); }),
          item("first and last", {3, 4, 5},
               [](const auto& in) {
                 return sum(in[0], {0, 2});
               }),
          item("everything", {3, 4, 5}, [](const auto& in) { return sum(in[0]); }),
          item("one element", {1}, [](const auto& in) { return sum(in[0]); }),
          item("mean", {4, 6, 3},
               [](const auto& in) {
                 return mean(in[0], {0, 2}, true);
               }),
          large,
          constant,
          refused,
          twice};
}

std::vector<OpCase> expand_cases() {
  OpCase refused = item("a longer axis", {3, 4}, [](const auto& in) {
    return broadcast_to(in[0], {3, 8});
  });
  refused.refused = true;
  return {item("a wide row", {8},
               [](const auto& in) {
                 return broadcast_to(in[0], {5, 8});
               }),
          item("a row", {7},
               [](const auto& in) {
                 return broadcast_to(in[0], {5, 7});
               }),
          item("a column", {5, 1},
               [](const auto& in) {
                 return broadcast_to(in[0], {5, 300});
               }),
          item("the middle", {3, 1, 5},
               [](const auto& in) {
                 return broadcast_to(in[0], {3, 4, 5});
               }),
          item("several", {1, 3, 1},
               [](const auto& in) {
                 return broadcast_to(in[0], {2, 3, 3, 4});
               }),
          item("a scalar", {},
               [](const auto& in) {
                 return broadcast_to(in[0], {3, 4});
               }),
          refused};
}

const Op& sum_op = register_op({.name = "sum",
                                .infer = infer_sum,
                                .gradient = gradient_of_sum,
                                .reference = reference_sum,
                                .cpu = cpu_sum_kernel,
                                .vulkan = vulkan_sum,
                                .scratch = scratch_of_sum,
                                .cases = sum_cases});

const Op& expand_op = register_op({.name = "broadcast_to",
                                   .infer = infer_expand,
                                   .gradient = gradient_of_expand,
                                   .reference = reference_expand,
                                   .cpu = cpu_expand_kernel,
                                   .vulkan = vulkan_expand,
                                   .cases = expand_cases});

// x with the axes of the run at length 1.
Tensor sum_run(Tensor x, AxisRun run, double factor) {
  return apply(sum_op, {x}, {{"first", run.first}, {"last", run.last}, {"factor", factor}})[0];
}

// x, whose axes in the run are of length 1 in all, with the first of them at `length`.
Tensor expand_run(Tensor x, AxisRun run, int64_t length, double factor) {
  const Shape shape = reduced(x.shape(), run).with(static_cast<int>(run.first), length);
  const std::vector<int64_t> axes(shape.axes().begin(), shape.axes().end());
  return apply(expand_op, {x},
               {{"first", run.first}, {"last", run.last}, {"factor", factor}, {"shape", axes}})[0];
}

Tensor sum_axes(std::string_view who, Tensor x, const std::vector<int>& axes, bool keep,
                bool average) {
  const AxisRuns runs = axis_runs(who, x.shape(), axes);
  Tensor y = x;
  for (const AxisRun& run : runs.runs) {
    const int64_t length = reduce_size(x.shape(), run).length;
    y = sum_run(y, run, average ? 1.0 / static_cast<double>(length) : 1.0);
  }
  return reshape(y, keep ? runs.kept : runs.removed);
}

}  // namespace

Tensor sum(Tensor x, const std::vector<int>& axes, bool keep) {
  return sum_axes("sum", x, axes, keep, false);
}

Tensor mean(Tensor x, const std::vector<int>& axes, bool keep) {
  return sum_axes("mean", x, axes, keep, true);
}

Tensor broadcast_to(Tensor x, const Shape& shape) {
  if (broadcast(x.shape(), shape, "broadcast_to") != shape) {
    fail<ShapeError>("broadcast_to: {} does not broadcast to {}.", x.shape(), shape);
  }
  if (x.shape() == shape) return x;
  Tensor y = reshape(x, padded(x.shape(), shape.rank()));
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (y.shape()[axis] != shape[axis]) y = expand_run(y, {axis, axis + 1}, shape[axis], 1.0);
  }
  return y;
}

Tensor sum_to(Tensor x, const Shape& shape, double factor) {
  if (broadcast(shape, x.shape(), "sum_to") != x.shape()) {
    fail<ShapeError>("sum_to: {} does not broadcast to {}.", shape, x.shape());
  }
  const Shape target = padded(shape, x.shape().rank());
  std::vector<int> axes;
  for (int axis = 0; axis < target.rank(); ++axis) {
    if (target[axis] != x.shape()[axis]) axes.push_back(axis);
  }
  if (axes.empty()) return reshape(scale(x, factor), shape);
  Tensor y = x;
  double left = factor;
  for (const AxisRun& run : axis_runs("sum_to", x.shape(), axes).runs) {
    y = sum_run(y, run, left);
    left = 1.0;
  }
  return reshape(y, shape);
}

}  // namespace tandem
