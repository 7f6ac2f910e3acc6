// Largest elements over one run of neighbouring axes.
//   y[o, i] = max_l x[o, l, i]      dx[o, l, i] = dy[o, i] where l is the first with x = y, else 0
#include "autograd/ops/dispatch.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/reduce_axes.h"
#include "autograd/ops/reduce_dispatch.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/row_runs.h"
#include "core/cpu/threads.h"

#include <algorithm>

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  require_f32("max", *context.inputs[0]);
  return {{DType::f32, reduced(context.in(0), run_of(*context.attributes))}};
}

void reference(const ReferenceBinding& binding) {
  const ReduceSize size = reduce_size(binding.in(0), run_of(*binding.attributes));
  for (int64_t at = 0; at < size.outer * size.inner; ++at) {
    double largest = binding.input(0)[element(size, at / size.inner, 0, at % size.inner)];
    for (int64_t l = 1; l < size.length; ++l) {
      const double x = binding.input(0)[element(size, at / size.inner, l, at % size.inner)];
      largest = std::max(largest, x);
    }
    binding.output(0)[static_cast<size_t>(at)] = largest;
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  const ReduceSize size = reduce_size(binding.in(0), run_of(*binding.attributes));
  const float* x = binding.input(0);
  float* y = binding.output(0);
  Threads* threads = binding.threads;
  return [=] { cpu_max(*threads, size, x, y); };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const ReduceSize size = reduce_size(binding.in(0), run_of(*binding.attributes));
  return reduction_dispatches(*binding.device, "max", size, binding.input(0), binding.output(0),
                              1.0f, binding.scratch);
}

size_t scratch(const OpContext& context, const DeviceInfo& device) {
  if (device.backend == "cpu") return 0;
  return reduction_scratch(device, reduce_size(context.in(0), run_of(*context.attributes)));
}

// Inputs x, y, dy.
std::vector<TensorType> infer_gradient(const OpContext& context) { return {*context.inputs[0]}; }

void reference_gradient(const ReferenceBinding& binding) {
  const ReduceSize size = reduce_size(binding.in(0), run_of(*binding.attributes));
  for (int64_t at = 0; at < size.outer * size.inner; ++at) {
    for (int64_t l = 0; l < size.length; ++l) {
      const size_t i = element(size, at / size.inner, l, at % size.inner);
      if (binding.input(0)[i] != binding.input(1)[static_cast<size_t>(at)]) continue;
      binding.output(0)[i] = binding.input(2)[static_cast<size_t>(at)];
      break;
    }
  }
}

std::function<void()> cpu_gradient(const CpuBinding& binding) {
  const ReduceSize size = reduce_size(binding.in(0), run_of(*binding.attributes));
  const float* x = binding.input(0);
  const float* y = binding.input(1);
  const float* dy = binding.input(2);
  float* dx = binding.output(0);
  Threads* threads = binding.threads;
  return [=] { cpu_max_gradient(*threads, size, x, y, dy, dx); };
}

std::vector<Dispatch> vulkan_gradient(const VulkanBinding& binding) {
  const ReduceSize size = reduce_size(binding.in(0), run_of(*binding.attributes));
  const size_t part = static_cast<size_t>(size.inner) * sizeof(float);
  const size_t whole = static_cast<size_t>(size.length) * part;
  std::vector<Dispatch> all;
  for (const RowRun& run : row_runs("max", *binding.device, size.outer, {whole, part})) {
    Dispatch dispatch;
    dispatch.shader = "max_gradient";
    dispatch.buffers = {run.of(binding.input(0), whole), run.of(binding.input(1), part),
                        run.of(binding.input(2), part), run.of(binding.output(0), whole)};
    dispatch.writes = 0b1000;
    dispatch.push = {static_cast<uint32_t>(size.length), static_cast<uint32_t>(size.inner)};
    all.push_back(
        strided_dispatch(*binding.device, std::move(dispatch), run.count * size.inner, 64));
  }
  return all;
}

const Op& max_gradient_op = register_op({.name = "max_gradient",
                                         .infer = infer_gradient,
                                         .reference = reference_gradient,
                                         .cpu = cpu_gradient,
                                         .vulkan = vulkan_gradient});

std::vector<Tensor> gradient(const GradientContext& context) {
  return apply(max_gradient_op,
               {context.inputs[0], context.outputs[0], context.output_gradients[0]},
               *context.attributes);
}

std::vector<OpCase> cases() {
  const auto item = [](std::string name, const Shape& shape, std::vector<int> axes, bool keep) {
    return OpCase{
        .name = std::move(name),
        .inputs = {{.type = {DType::f32, shape}, .low = -50, .high = 50}},
        .build = [=](const auto& in) -> std::vector<Tensor> { return {max(in[0], axes, keep)}; }};
  };
  OpCase refused = item("an axis that is not there", {3, 4}, {-3}, false);
  refused.refused = true;
  OpCase equal = item("the first of equal ones", {4, 5}, {1}, false);
  equal.inputs[0] = {.type = {DType::f32, {4, 5}}, .low = 2, .high = 2, .differentiable = false};
  equal.build = [](const auto& in) -> std::vector<Tensor> {
    const Tensor y = max(in[0], {1});
    return {y, gradients({y}, {y}, {in[0]})[0]};
  };
  return {item("rows", {5, 37}, {1}, false),
          item("columns", {37, 150}, {0}, true),
          item("first and last", {3, 4, 5}, {0, 2}, false),
          item("everything", {3, 5}, {}, false),
          item("one element", {1}, {}, false),
          equal,
          refused};
}

const Op& max_op = register_op({.name = "max",
                                .infer = infer,
                                .gradient = gradient,
                                .reference = reference,
                                .cpu = cpu,
                                .vulkan = vulkan,
                                .scratch = scratch,
                                .cases = cases});

}  // namespace

Tensor max(Tensor x, const std::vector<int>& axes, bool keep) {
  const AxisRuns runs = axis_runs("max", x.shape(), axes);
  Tensor y = x;
  for (const AxisRun& run : runs.runs) {
    y = apply(max_op, {y}, {{"first", run.first}, {"last", run.last}})[0];
  }
  return reshape(y, keep ? runs.kept : runs.removed);
}

}  // namespace tandem
