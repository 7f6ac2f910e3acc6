// What accumulated steps take is planned, and less than whole batches take.
#include "tests/devices.h"
#include "tests/train/small_run.h"
#include "train/memory_check.h"
#include "train/precision.h"
#include "train/step_plan.h"
#include "train/train_step.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace tandem;

namespace {

RunConfig run_of(int64_t batch_size, int64_t accum_freq, const std::string& loss = "clip") {
  RunConfig config = test::small_config(test::TemporaryFolder());
  config.train.batch_size = batch_size;
  config.train.accum_freq = accum_freq;
  config.train.loss = loss;
  config.train.classes = loss == "cross_entropy" ? 3 : 0;
  return config;
}

DeviceInfo small_gpu() {
  DeviceInfo device;
  device.backend = "vulkan";
  device.kind = "discrete";
  return device;
}

}  // namespace

TEST_CASE("the_planned_peak_of_an_accumulated_step_is_what_the_compiled_step_reports") {
  for (const char* loss : {"clip", "cross_entropy"}) {
    for (const char* precision : {"fp32", "bf16", "fp16"}) {
      for_each_test_device([&](Device& device) {
        CAPTURE(precision);
        RunConfig config = run_of(5, 3, loss);
        config.precision = precision;
        Variables variables(device);
        const TrainStep step(config.model, config.train, 5, variables,
                             {.precision = precision_named(precision)});
        const StepPlan plan = plan_step(config, device.info());
        CHECK(plan.memory == step.memory());
        CHECK(plan.costs.size() == step.kernels());
      });
    }
  }
}

TEST_CASE("four_micro_batches_take_the_memory_of_one_with_its_gradients_and_not_of_the_whole") {
  const StepPlan one = plan_step(run_of(64, 1), small_gpu());
  const StepPlan parts = plan_step(run_of(64, 4), small_gpu());
  const StepPlan whole = plan_step(run_of(256, 1), small_gpu());
  CHECK(parts.memory.activations < 0.5 * whole.memory.activations);
  CHECK(parts.memory.activations < 2 * one.memory.activations);
  CHECK(parts.memory.state / 1024 == whole.memory.state / 1024);
  CHECK(parts.memory.trainable == whole.memory.trainable);
}

TEST_CASE("accumulation_computes_features_twice_and_all_else_once") {
  const auto flops = [](const StepPlan& plan, bool backward) {
    double sum = 0;
    for (const NodeCost& node : plan.costs) sum += node.backward == backward ? node.cost.flops : 0;
    return sum;
  };
  const StepPlan parts = plan_step(run_of(16, 4), small_gpu());
  const StepPlan whole = plan_step(run_of(64, 1), small_gpu());
  CHECK(flops(parts, false) == doctest::Approx(flops(whole, false)).epsilon(0.01));
  CHECK(flops(parts, true) ==
        doctest::Approx(flops(whole, true) + flops(whole, false)).epsilon(0.01));
}

TEST_CASE("a_run_that_does_not_fit_is_told_of_accumulation_that_does") {
  const RunConfig config = run_of(64, 1);
  const uint64_t free = plan_step(run_of(32, 2), small_gpu()).peak();
  try {
    check_memory(config, small_gpu(), free);
    FAIL("it fits");
  } catch (const OutOfMemoryError& error) {
    const std::string said = error.what();
    CAPTURE(said);
    CHECK(said.find("set train.batch_size=32 --set train.accum_freq=2,") != std::string::npos);
  }
}
