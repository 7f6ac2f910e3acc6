// Steps of a tiny model on random pairs, over micro-batches or in one go.
#pragma once

#include "core/philox.h"
#include "tests/models/tiny_model.h"
#include "train/data/patch_dropout.h"
#include "train/train_step.h"

#include <doctest/doctest.h>

#include <cmath>

namespace tandem::test {

inline constexpr int64_t batch_pairs = 12;

// With patch dropout; its logit_bias is for SigLIP's loss.
inline ClipConfig patchy_model() {
  ClipConfig model = tiny_model();
  model.vision_cfg.patch_dropout = 0.5;
  model.init_logit_bias = -2;
  return model;
}

// The same with adapters of all linear layers, whose inputs are dropped; what else is trained is
// `trained`.
inline ClipConfig dropping_model(const std::string& trained = "") {
  ClipConfig model = patchy_model();
  model.adaptation.frozen = Patterns("*");
  model.adaptation.trained = Patterns(trained);
  model.adaptation.lora = {.rank = 2, .alpha = 2, .dropout = 0.3, .targets = Patterns("*")};
  return model;
}

inline TrainConfig step_config(const std::string& loss, int64_t accum_freq) {
  TrainConfig train;
  train.loss = loss;
  train.classes = loss == "cross_entropy" ? 3 : 0;
  train.accum_freq = accum_freq;
  train.batch_size = batch_pairs / accum_freq;
  train.eps = 0.1;  // large: else AdamW makes whole steps of gradients that are rounding alone
  train.grad_clip_norm = 0.5;
  return train;
}

inline PairArrays random_batch(const ClipConfig& model, const TrainConfig& train) {
  Random random(2, 0, 0, RandomUse::test);
  PairArrays batch;
  const int64_t pictures = train.step_pairs();
  for (int64_t i = 0; i < pictures * 3 * 8 * 8; ++i) batch.pixels.push_back(random.uniform(-1, 1));
  const auto kept = static_cast<size_t>(model.vision_cfg.kept_tokens());
  batch.kept_tokens.resize(model.vision_cfg.patch_dropout > 0 ? pictures * kept : 0);
  for (size_t n = 0; n * kept < batch.kept_tokens.size(); ++n) {
    keep_patches(random, static_cast<int64_t>(n), {model.vision_cfg.patches()},
                 std::span(batch.kept_tokens).subspan(n * kept, kept));
  }
  for (int64_t n = 0; n < (train.classes > 0 ? train.classes : pictures); ++n) {
    const auto word = static_cast<int32_t>(random.below(16));
    for (const int32_t id : {18, word, word + 1, 19, 0, 0, 0}) batch.texts.ids.push_back(id);
  }
  batch.texts.prepare(model.text_cfg);
  for (int64_t n = 0; train.classes > 0 && n < pictures; ++n) {
    batch.labels.push_back(static_cast<int32_t>(random.below(3)));
  }
  return batch;
}

// What some steps leave.
struct Trained {
  std::vector<StepResult> steps;
  std::map<std::string, std::vector<float>> gradients;   // of the first, by parameter
  std::map<std::string, std::vector<float>> parameters;  // after the last
};

inline Trained train_steps(Device& device, const ClipConfig& model, const TrainConfig& train,
                           DType precision = DType::f32, int64_t count = 3) {
  Variables variables(device);
  TrainStep step(model, train, train.batch_size, variables,
                 {.precision = precision, .keep_gradients = true});
  variables.initialize(1);
  const PairArrays batch = random_batch(model, train);
  Trained trained;
  for (int64_t t = 1; t <= count; ++t) {
    const uint64_t ticket = step.run(batch, {.lr = 2e-2, .t = t, .seed = 5});
    trained.steps.push_back(step.result(ticket));
    for (const std::string& name : variables.parameters()) {
      if (variables.variable(name).kind != Variable::Kind::trainable) continue;
      // Other losses do not depend on it.
      if (name == "logit_bias" && train.loss != "siglip") continue;
      if (t == 1) trained.gradients[name] = step.fetch(ticket, "grad." + name);
      trained.parameters[name] = variables.get(name);
    }
  }
  return trained;
}

// |a - b| / |b|, of all elements together.
inline double relative_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double differences = 0;
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    differences += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    squares += double{b[i]} * b[i];
  }
  return differences == 0 ? 0 : std::sqrt(differences / squares);
}

inline void check_close(const std::map<std::string, std::vector<float>>& a,
                        const std::map<std::string, std::vector<float>>& b, double tolerance) {
  REQUIRE(a.size() == b.size());
  for (const auto& [name, values] : a) {
    const double difference = relative_difference(values, b.at(name));
    INFO(name, ": ", difference, ", tolerance ", tolerance);
    CHECK(difference <= tolerance);
  }
}

// `tolerance` is for the losses and the first gradients. Steps make rounding grow, most where
// parameters begin at zero.
inline void check_equal(const Trained& a, const Trained& b, double tolerance) {
  REQUIRE(a.steps.size() == b.steps.size());
  for (size_t i = 0; i < a.steps.size(); ++i) {
    INFO("step ", i, ": ", a.steps[i].loss, " and ", b.steps[i].loss);
    CHECK(std::fabs(a.steps[i].loss - b.steps[i].loss) <= tolerance * b.steps[i].loss);
    CHECK(a.steps[i].loss_scale == b.steps[i].loss_scale);
  }
  check_close(a.gradients, b.gradients, tolerance);
  check_close(a.parameters, b.parameters, 10 * tolerance);
}

}  // namespace tandem::test
