#include "train/step_plan.h"

#include "autograd/low_products.h"
#include "train/precision.h"
#include "train/run_evaluations.h"
#include "train/step_graph.h"

#include <algorithm>

namespace tandem {

namespace {

constexpr size_t tensors_told = 6;
constexpr int64_t most_pairs = 1 << 20;  // that train.batch_size allows

struct PlannedGraph {
  StepGraph step;
  Plan plan;

  PlannedGraph(const RunConfig& config, const DeviceInfo& device)
      : step(config.model, config.train, {.precision = precision_named(config.precision)}),
        plan(make_plan(step.graph, step.fetches, config.train.grad_checkpointing,
                       {.dtype = precision_named(config.precision),
                        .kernels = device.backend == "cpu"})) {
    if (has_low_products(device)) use_low_products(plan);
    place_values(plan, device);
  }

  MemoryReport memory() const { return planned_memory(step.graph, plan); }
};

size_t evaluation_bytes(const RunConfig& config, const DeviceInfo& device) {
  if (config.evaluate.empty()) return 0;
  return planned_encoder_bytes(config.model, RunEvaluations::chunk, device);
}

int64_t parameters(const Graph& graph) {
  int64_t count = 0;
  for (const Variable& variable : graph.variables()) {
    if (variable.kind == Variable::Kind::trainable) count += variable.type.shape.elements();
  }
  return count;
}

}  // namespace

StepPlan plan_step(const RunConfig& config, const DeviceInfo& device) {
  PlannedGraph planned(config, device);
  const Graph& graph = planned.step.graph;
  return {.memory = planned.memory(),
          .evaluation_bytes = evaluation_bytes(config, device),
          .largest = largest_tensors(graph, planned.plan, tensors_told),
          .costs = node_costs(planned.plan),
          .parameters = parameters(graph),
          .plan = std::move(planned.plan)};
}

int64_t largest_batch(RunConfig config, const DeviceInfo& device, uint64_t bytes) {
  const uint64_t fixed = evaluation_bytes(config, device);
  const auto fits = [&](int64_t batch) {
    config.train.batch_size = batch;
    return fixed + PlannedGraph(config, device).memory().peak() <= bytes;
  };
  if (!fits(1)) return 0;
  int64_t good = 1;
  int64_t bad = 2;
  while (bad <= most_pairs && fits(bad)) good = bad, bad *= 2;
  while (good + 1 < bad) {
    const int64_t middle = good + (bad - good) / 2;
    (fits(middle) ? good : bad) = middle;
  }
  return std::min(good, most_pairs);
}

}  // namespace tandem
