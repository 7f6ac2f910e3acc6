#include "train/step_plan.h"

#include "autograd/low_products.h"
#include "train/accumulation/accumulation_graphs.h"
#include "train/precision.h"
#include "train/run_evaluations.h"
#include "train/step_graph.h"

#include <algorithm>

namespace tandem {

namespace {

constexpr size_t tensors_told = 6;

Plan placed_plan(const ProgramGraph& program, const RunConfig& config, const DeviceInfo& device) {
  Plan plan =
      make_plan(program.graph, program.fetches, config.train.grad_checkpointing,
                {.dtype = precision_named(config.precision), .kernels = device.backend == "cpu"});
  if (has_low_products(device)) use_low_products(plan);
  place_values(plan, device);
  return plan;
}

// A step's programs; the last has all its variables.
struct PlannedStep {
  struct Part {
    const ProgramGraph* program;
    int64_t runs;
    Plan plan;
  };

  std::unique_ptr<StepGraph> whole;
  std::unique_ptr<AccumulationGraphs> accumulation;
  std::vector<Part> parts;

  PlannedStep(const RunConfig& config, const DeviceInfo& device) {
    const StepOptions options{.precision = precision_named(config.precision)};
    const auto add = [&](const ProgramGraph* program, int64_t runs) {
      parts.push_back({program, runs, placed_plan(*program, config, device)});
    };
    if (config.train.accum_freq == 1) {
      whole = std::make_unique<StepGraph>(config.model, config.train, options);
      add(whole.get(), 1);
      return;
    }
    accumulation = std::make_unique<AccumulationGraphs>(config.model, config.train, options);
    for (const auto& [graph, runs] : accumulation->runs()) add(graph, runs);
  }

  const Graph& last() const { return parts.back().program->graph; }

  MemoryReport memory() const {
    std::vector<MemoryReport> reports;
    for (const Part& part : parts) {
      reports.push_back(planned_memory(part.program->graph, part.plan));
    }
    return whole ? reports.front() : memory_of_step(reports);
  }

  // Of the program with the largest arenas.
  const Plan& fullest() const {
    const auto less = [](const Part& a, const Part& b) {
      return a.plan.arena_bytes() < b.plan.arena_bytes();
    };
    return std::max_element(parts.begin(), parts.end(), less)->plan;
  }

  // What a micro-batch computes a second time counts as part of the backward pass.
  std::vector<NodeCost> costs() const {
    const bool twice = accumulation && accumulation->features;
    std::vector<NodeCost> all;
    for (const Part& part : parts) {
      std::vector<NodeCost> some = node_costs(part.plan);
      for (NodeCost& cost : some) {
        cost.backward |= twice && part.program == accumulation->micro_batch.get();
      }
      for (int64_t run = 0; run < part.runs; ++run) all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
};

size_t evaluation_bytes(const RunConfig& config, const DeviceInfo& device) {
  if (config.evaluate.empty() && !config.validates_classes()) return 0;
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
  const PlannedStep planned(config, device);
  return {.memory = planned.memory(),
          .evaluation_bytes = evaluation_bytes(config, device),
          .largest = largest_tensors(planned.last(), planned.fullest(), tensors_told),
          .costs = planned.costs(),
          .parameters = parameters(planned.last()),
          .plan = planned.fullest()};
}

std::string batch_text(const TrainConfig& train) {
  if (train.accum_freq == 1) return fmt::to_string(train.batch_size);
  return fmt::format("{} x {}", train.batch_size, train.accum_freq);
}

int64_t largest_batch(RunConfig config, const DeviceInfo& device, uint64_t bytes) {
  const uint64_t fixed = evaluation_bytes(config, device);
  const auto fits = [&](int64_t batch) {
    config.train.batch_size = batch;
    return fixed + PlannedStep(config, device).memory().peak() <= bytes;
  };
  const int64_t most = most_pairs / config.train.accum_freq;
  if (!fits(1)) return 0;
  int64_t good = 1;
  int64_t bad = 2;
  while (bad <= most && fits(bad)) good = bad, bad *= 2;
  while (good + 1 < bad) {
    const int64_t middle = good + (bad - good) / 2;
    (fits(middle) ? good : bad) = middle;
  }
  return std::min(good, most);
}

}  // namespace tandem
