// SGD with momentum.
//   g' = f min(1, max_norm / (f norm + 1e-6)) g + wd p
//   b = momentum b + g'        p = p - lr b
#include "autograd/ops/optimizer.h"
#include "autograd/ops/optimizer_dispatch.h"
#include "autograd/ops/update_tables.h"
#include "core/cpu/optimizer.h"

#include <algorithm>

namespace tandem {

namespace {

constexpr size_t arenas = 3;  // parameters, gradients, b

std::vector<TensorType> infer_sgd(const OpContext& context) {
  require_update("sgd", context, arenas);
  return {};
}

void reference_sgd(const ReferenceBinding& binding) {
  const ReferenceUpdate update(binding, arenas);
  if (!update.finite()) return;
  for (size_t i = 0; i < binding.input(0).size(); ++i) {
    if (!update.updates(i)) continue;
    const double* group = update.group(i);
    double& p = binding.input(0)[i];
    double& b = binding.input(2)[i];
    b = update.hyper()[1] * b + update.gradient(i) + group[1] * p;
    p = std::clamp(p - update.hyper()[0] * group[0] * b, group[2], group[3]);
  }
}

std::function<void()> cpu_sgd_kernel(const CpuBinding& binding) {
  const SgdArenas all{binding.input(0), binding.input(1), binding.input(2)};
  const UpdateInputs inputs = update_inputs(binding, arenas);
  Threads* threads = binding.threads;
  return [=] { cpu_sgd(*threads, all, inputs); };
}

const Op& sgd_op = register_op({.name = "sgd",
                                .infer = infer_sgd,
                                .reference = reference_sgd,
                                .cpu = cpu_sgd_kernel,
                                .vulkan = sgd_dispatches,
                                .mutates = {0, 2}});

}  // namespace

void sgd(Tensor arena, Tensor blocks, Tensor groups, Tensor norm, Tensor hyper) {
  Graph& graph = arena.graph();
  const Tensor parameters = graph.trainable_arena();
  const Tensor momentum =
      graph.variable("sgd.momentum", parameters.type(), Variable::Kind::state);
  apply(sgd_op, {parameters, arena, momentum, blocks, groups, norm, hyper});
}

}  // namespace tandem
