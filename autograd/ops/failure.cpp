#include "autograd/ops/failure.h"

#include "autograd/ops/binary.h"

#include <cmath>

namespace tandem {

namespace {

// Inputs: loss, norm, factor, failed.
std::vector<TensorType> infer(const OpContext& context) {
  for (const TensorType* input : context.inputs) {
    if (input->dtype == DType::f32 && input->shape.elements() == 1) continue;
    fail<ShapeError>("update_failed: an input is {}; expected f32 with one element.", input->str());
  }
  return {};
}

template <class T>
bool fails(T loss, T norm, T factor) {
  return !std::isfinite(loss) || (!std::isfinite(norm) && factor >= 1);
}

void reference(const ReferenceBinding& binding) {
  const bool failed = fails(binding.input(0)[0], binding.input(1)[0], binding.input(2)[0]);
  if (failed) binding.input(3)[0] = 1;
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [loss = binding.input(0), norm = binding.input(1), factor = binding.input(2),
          failed = binding.input(3)] {
    if (fails(*loss, *norm, *factor)) *failed = 1;
  };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  Dispatch dispatch;
  dispatch.shader = "failed";
  for (size_t i = 0; i < 4; ++i) dispatch.buffers.push_back(binding.input(i));
  dispatch.writes = 0b1000;
  return {dispatch};
}

const Op& update_op = register_op({.name = "update_failed",
                                   .infer = infer,
                                   .reference = reference,
                                   .cpu = cpu,
                                   .vulkan = vulkan,
                                   .mutates = {3}});

}  // namespace

Tensor failed_flag(Graph& graph) {
  return graph.variable(failed_name, {DType::f32, {1}}, Variable::Kind::state);
}

void update_failed(Tensor loss, Tensor norm, Tensor factor) {
  apply(update_op, {loss, norm, factor, failed_flag(loss.graph())});
}

Tensor norm_unless_failed(Tensor norm) {
  Graph& graph = norm.graph();
  const Tensor one = graph.constant({1}, std::vector<float>{1.0f});
  return div(norm, sub(one, failed_flag(graph)));
}

}  // namespace tandem
