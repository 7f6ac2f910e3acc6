// Whole training steps in lower precisions: they learn what fp32 learns, and fp16 finds its scale.
#include "core/philox.h"
#include "tests/devices.h"
#include "train/train_step.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

constexpr int64_t pairs = 8;

ClipConfig tiny_model() {
  ClipConfig model;
  model.embed_dim = 16;
  model.vision_cfg = {.image_size = 16, .patch_size = 8, .width = 32, .layers = 2,
                      .head_width = 16};
  model.text_cfg = {.context_length = 8, .vocab_size = 64, .width = 32, .heads = 2, .layers = 2};
  return model;
}

PairArrays random_pairs() {
  Random random(2, 0, 0, RandomUse::test);
  PairArrays batch;
  for (int64_t i = 0; i < pairs * 3 * 16 * 16; ++i) batch.pixels.push_back(random.uniform(-1, 1));
  for (int64_t i = 0; i < pairs * 8; ++i) {
    batch.texts.ids.push_back(i % 8 == 7 ? 63 : static_cast<int32_t>(random.below(63)));
  }
  batch.texts.prepare({.context_length = 8, .vocab_size = 64});
  return batch;
}

// The steps of a training on one batch.
std::vector<StepResult> train(Device& device, DType precision, int64_t steps,
                              const TrainConfig& config = {}) {
  Variables variables(device);
  TrainStep step(tiny_model(), config, pairs, variables, {.precision = precision});
  variables.initialize(1);
  const PairArrays batch = random_pairs();
  std::vector<StepResult> results;
  for (int64_t t = 1; t <= steps; ++t) {
    results.push_back(step.result(step.run(batch, {.lr = 2e-3, .t = t})));
  }
  return results;
}

}  // namespace

TEST_CASE("bf16_and_fp16_learn_what_fp32_learns") {
  for_each_test_device([](Device& device) {
    const int64_t steps = device.info().backend == "cpu" ? 40 : 6;
    const std::vector<StepResult> full = train(device, DType::f32, steps);
    for (const DType precision : {DType::bf16, DType::f16}) {
      TrainConfig config;
      config.grad_scaler.init_scale = 1024;
      const std::vector<StepResult> low = train(device, precision, steps, config);
      for (size_t i = 0; i < low.size(); ++i) {
        INFO(name_of(precision), " step ", i, ": ", low[i].loss, " against ", full[i].loss);
        CHECK(std::fabs(low[i].loss - full[i].loss) <= 0.03 * full[0].loss);
      }
    }
    if (steps == 40) CHECK(full.back().loss < 0.3 * full[0].loss);
  });
}

TEST_CASE("bf16_keeps_fewer_bytes_of_activations") {
  const auto cpu = open_device("cpu");
  const auto bytes = [&](DType precision) {
    Variables variables(*cpu);
    const TrainStep step(tiny_model(), {}, 64, variables, {.precision = precision});
    return step.memory().activations;
  };
  CHECK(static_cast<double>(bytes(DType::bf16)) < 0.85 * static_cast<double>(bytes(DType::f32)));
}

TEST_CASE("the_loss_scale_backs_off_until_gradients_fit_and_grows_again") {
  for_each_test_device([](Device& device) {
    TrainConfig config;
    config.grad_scaler = {.init_scale = 1e9, .backoff_factor = 0.125, .growth_interval = 2};
    const std::vector<StepResult> steps = train(device, DType::f16, 14, config);
    bool skipped = false;
    bool grew = false;
    for (size_t i = 0; i + 1 < steps.size(); ++i) {
      const double factor = steps[i + 1].loss_scale / steps[i].loss_scale;
      const bool finite = std::isfinite(steps[i].gradient_norm);
      INFO("step ", i, ", scale ", steps[i].loss_scale, ", norm ", steps[i].gradient_norm);
      CHECK(std::isfinite(steps[i].loss));
      if (finite) CHECK((std::fabs(factor - 1) <= 1e-6 || std::fabs(factor - 2) <= 1e-6));
      if (!finite) CHECK(std::fabs(factor - 0.125) <= 1e-6);
      if (!finite) CHECK(steps[i + 1].loss == steps[i].loss);  // nothing was changed
      skipped |= !finite;
      grew |= factor > 1.5;
    }
    CHECK(skipped);
    CHECK(grew);
  });
}
