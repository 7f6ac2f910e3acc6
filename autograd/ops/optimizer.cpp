// The norm of all gradients, and AdamW.
//   norm = sqrt(sum g^2), infinite beyond f32; NaN where the loss is not finite
//   g' = f min(1, max_norm / (f norm + 1e-6)) g
//   m = beta1 m + (1 - beta1) g'        v = beta2 v + (1 - beta2) g'^2
//   p = (1 - lr wd) p - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
#include "autograd/ops/optimizer.h"
#include "autograd/ops/optimizer_dispatch.h"
#include "autograd/ops/update_tables.h"
#include "core/cpu/optimizer.h"

#include <algorithm>
#include <cmath>

namespace tandem {

namespace {

static_assert(arena_block == Variable::alignment);

std::vector<TensorType> infer_norm(const OpContext& context) {
  require_tables("gradient_norm", *context.inputs[0], *context.inputs[1]);
  const TensorType& loss = *context.inputs[2];
  if (loss.dtype != DType::f32 || loss.shape.elements() != 1) {
    fail<ShapeError>("gradient_norm: loss is {}; expected f32 with one element.", loss.str());
  }
  return {{DType::f32, {1}}};
}

void reference_norm(const ReferenceBinding& binding) {
  double sum = 0;
  for (size_t i = 0; i < binding.input(0).size(); ++i) {
    if (holds_value(binding.input(1), i)) sum += binding.input(0)[i] * binding.input(0)[i];
  }
  const bool overflows = sum > std::numeric_limits<float>::max();
  binding.output(0)[0] = overflows ? std::numeric_limits<double>::infinity() : std::sqrt(sum);
  if (!std::isfinite(binding.input(2)[0])) {
    binding.output(0)[0] = std::numeric_limits<double>::quiet_NaN();
  }
}

std::function<void()> cpu_norm_kernel(const CpuBinding& binding) {
  const int64_t count = binding.in(0).elements();
  const float* arena = binding.input(0);
  const auto* blocks = binding.input<int32_t>(1);
  const float* loss = binding.input(2);
  float* norm = binding.output(0);
  auto* scratch = reinterpret_cast<double*>(binding.scratch);
  Threads* threads = binding.threads;
  return [=] { cpu_norm(*threads, count, arena, blocks, loss, norm, scratch); };
}

size_t scratch_of_norm(const OpContext& context, const DeviceInfo& device) {
  if (device.backend != "cpu") return norm_scratch(device, context.in(0).elements());
  return static_cast<size_t>(cpu_norm_scratch(context.in(0).elements())) * sizeof(double);
}

std::vector<OpCase> norm_cases() {
  const auto item = [](std::string name, std::vector<int32_t> valid, double high) {
    const auto blocks = static_cast<int64_t>(valid.size());
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, {blocks * arena_block}},
                              .low = -high,
                              .high = high,
                              .differentiable = false},
                             {.type = {DType::f32, {}}, .differentiable = false}},
                  .build = [=](const auto& in) -> std::vector<Tensor> {
                    std::vector<int32_t> table;
                    for (const int32_t count : valid) table.insert(table.end(), {0, count});
                    const Tensor constant = in[0].graph().constant({blocks, 2}, table);
                    return {gradient_norm(in[0], constant, in[1])};
                  }};
  };
  OpCase refused = item("a table of another length", {64, 64}, 1);
  refused.inputs[0].type.shape = {64};
  refused.refused = true;
  OpCase two_losses = item("a loss of two elements", {64}, 1);
  two_losses.inputs[1].type.shape = {2};
  two_losses.refused = true;
  return {item("whole blocks", {64, 64, 64}, 1),
          item("gaps and parts without gradient", {64, 5, 0, 1, 64}, 2),
          item("large gradients", {64, 33}, 1e12),
          item("many blocks", std::vector<int32_t>(777, 63), 1e-3), refused, two_losses};
}

constexpr size_t arenas = 4;  // parameters, gradients, m, v

std::vector<TensorType> infer_adamw(const OpContext& context) {
  require_update("adamw", context, arenas);
  return {};
}

void reference_adamw(const ReferenceBinding& binding) {
  const ReferenceUpdate update(binding, arenas);
  if (!update.finite()) return;
  const std::vector<double>& h = update.hyper();
  for (size_t i = 0; i < binding.input(0).size(); ++i) {
    if (!update.updates(i)) continue;
    const double* group = update.group(i);
    double& p = binding.input(0)[i];
    double& m = binding.input(2)[i];
    double& v = binding.input(3)[i];
    const double lr = h[0] * group[0];
    const double g = update.gradient(i);
    m = h[1] * m + (1 - h[1]) * g;
    v = h[2] * v + (1 - h[2]) * g * g;
    p = (1 - lr * group[1]) * p - lr / h[4] * m / (std::sqrt(v) / std::sqrt(h[5]) + h[3]);
    p = std::clamp(p, group[2], group[3]);
  }
}

std::function<void()> cpu_adamw_kernel(const CpuBinding& binding) {
  const AdamwArenas all{binding.input(0), binding.input(1), binding.input(2), binding.input(3)};
  const UpdateInputs inputs = update_inputs(binding, arenas);
  Threads* threads = binding.threads;
  return [=] { cpu_adamw(*threads, all, inputs); };
}

const Op& norm_op = register_op({.name = "gradient_norm",
                                 .infer = infer_norm,
                                 .reference = reference_norm,
                                 .cpu = cpu_norm_kernel,
                                 .vulkan = norm_dispatches,
                                 .scratch = scratch_of_norm,
                                 .cases = norm_cases});

const Op& adamw_op = register_op({.name = "adamw",
                                  .infer = infer_adamw,
                                  .reference = reference_adamw,
                                  .cpu = cpu_adamw_kernel,
                                  .vulkan = adamw_dispatches,
                                  .mutates = {0, 2, 3}});

}  // namespace

Tensor gradient_norm(Tensor arena, Tensor blocks, Tensor loss) {
  return apply(norm_op, {arena, blocks, loss})[0];
}

void adamw(Tensor arena, Tensor blocks, Tensor groups, Tensor norm, Tensor hyper) {
  Graph& graph = arena.graph();
  const Tensor parameters = graph.trainable_arena();
  const Tensor m = graph.variable("adamw.m", parameters.type(), Variable::Kind::state);
  const Tensor v = graph.variable("adamw.v", parameters.type(), Variable::Kind::state);
  apply(adamw_op, {parameters, arena, m, v, blocks, groups, norm, hyper});
}

}  // namespace tandem
