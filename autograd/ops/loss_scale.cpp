#include "autograd/ops/loss_scale.h"

#include "autograd/ops/failure.h"

#include <bit>
#include <cmath>

namespace tandem {

namespace {

struct Rule {
  float growth;
  float backoff;
  float interval;
};

Rule rule_of(const OpContext& context) {
  return {static_cast<float>(context.attributes->number("growth_factor")),
          static_cast<float>(context.attributes->number("backoff_factor")),
          static_cast<float>(context.attributes->integer("growth_interval"))};
}

// Inputs: norm, scale, growth tracker, failed.
std::vector<TensorType> infer(const OpContext& context) {
  const TensorType one{DType::f32, {1}};
  for (const TensorType* input : context.inputs) {
    if (*input == one) continue;
    fail<ShapeError>("update_loss_scale: an input is {}; expected f32 [1].", input->str());
  }
  return {};
}

template <class T>
void update(const Rule& rule, T norm, T& scale, T& tracker) {
  if (!std::isfinite(norm)) {
    scale *= rule.backoff;
    tracker = 0;
  } else if (++tracker >= rule.interval) {
    if (std::isfinite(static_cast<float>(scale * rule.growth))) scale *= rule.growth;
    tracker = 0;
  }
}

void reference(const ReferenceBinding& binding) {
  if (binding.input(3)[0] != 0) return;
  update(rule_of(binding), binding.input(0)[0], binding.input(1)[0], binding.input(2)[0]);
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [rule = rule_of(binding), norm = binding.input(0), scale = binding.input(1),
          tracker = binding.input(2), failed = binding.input(3)] {
    if (*failed == 0) update(rule, *norm, *scale, *tracker);
  };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const Rule rule = rule_of(binding);
  Dispatch dispatch;
  dispatch.shader = "loss_scale";
  dispatch.buffers = {binding.input(0), binding.input(1), binding.input(2), binding.input(3)};
  dispatch.writes = 0b110;
  for (const float value : {rule.growth, rule.backoff, rule.interval}) {
    dispatch.push.push_back(std::bit_cast<uint32_t>(value));
  }
  return {dispatch};
}

const Op& update_op = register_op({.name = "update_loss_scale",
                                   .infer = infer,
                                   .reference = reference,
                                   .cpu = cpu,
                                   .vulkan = vulkan,
                                   .mutates = {1, 2}});

Tensor growth_tracker(Graph& graph) {
  return graph.variable("loss_scale.growth_tracker", {DType::f32, {1}}, Variable::Kind::state);
}

}  // namespace

Tensor loss_scale(Graph& graph, double init_scale) {
  growth_tracker(graph);
  return graph.variable("loss_scale", {DType::f32, {1}}, Variable::Kind::state,
                        Initializer::constant(init_scale));
}

void update_loss_scale(Tensor norm, double growth_factor, double backoff_factor,
                       int64_t growth_interval) {
  Graph& graph = norm.graph();
  const Tensor scale = graph.variable("loss_scale", {DType::f32, {1}}, Variable::Kind::state);
  apply(update_op, {norm, scale, growth_tracker(graph), failed_flag(graph)},
        {{"growth_factor", growth_factor},
         {"backoff_factor", backoff_factor},
         {"growth_interval", growth_interval}});
}

}  // namespace tandem
