// What an accumulated step does and says about numbers that are not finite.
#include "tests/devices.h"
#include "tests/train/accumulation/tiny_batch.h"

#include <limits>

using namespace tandem;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

struct Failing {
  ClipConfig model = test::patchy_model();
  TrainConfig train = test::step_config("clip", 4);
  PairArrays batch = test::random_batch(model, train);
  Variables variables;
  TrainStep step;

  explicit Failing(Device& device, const std::string& loss = "clip")
      : train(test::step_config(loss, 4)),
        batch(test::random_batch(model, train)),
        variables(device),
        step(model, train, train.batch_size, variables) {
    variables.initialize(1);
  }

  StepResult run(int64_t t) { return step.result(step.run(batch, {.lr = 1e-2, .t = t})); }

  std::string cause() {
    const auto found = step.find_nonfinite(batch, {.lr = 1e-2, .t = 1});
    return found ? found->str() : "nothing";
  }
};

}  // namespace

TEST_CASE("a_failed_accumulated_step_changes_nothing_and_holds_the_next_one_back") {
  for_each_test_device([](Device& device) {
    Failing failing(device);
    const std::vector<float> before = failing.variables.get("visual.proj");
    const float pixel = std::exchange(failing.batch.pixels.back(), not_a_number);
    CHECK(std::isnan(failing.run(1).loss));
    CHECK(failing.variables.get("visual.proj") == before);
    failing.batch.pixels.back() = pixel;
    CHECK(std::isnan(failing.run(2).gradient_norm) == false);
    CHECK(failing.variables.get("visual.proj") == before);
    failing.step.go_on();
    CHECK(std::isfinite(failing.run(2).loss));
    CHECK(failing.variables.get("visual.proj") != before);
  });
}

TEST_CASE("what_made_an_accumulated_step_fail_is_named") {
  const auto cpu = open_device("cpu");
  for (const char* loss : {"clip", "cross_entropy"}) {
    CAPTURE(loss);
    Failing bad_pixel(*cpu, loss);
    CHECK(bad_pixel.cause() == "nothing");
    bad_pixel.batch.pixels.back() = not_a_number;
    CHECK(bad_pixel.cause() == "the input 'pixels' holds nan at [2, 2, 7, 7]");
    Failing bad_weight(*cpu, loss);
    std::vector<float> gains = bad_weight.variables.get("visual.ln_pre.weight");
    gains[3] = not_a_number;
    bad_weight.variables.set("visual.ln_pre.weight", gains);
    CHECK(bad_weight.cause() == "'visual.ln_pre.weight' holds nan at [3]");
  }
}

TEST_CASE("an_op_that_overflows_in_an_accumulated_step_is_named_with_its_parameter") {
  const auto cpu = open_device("cpu");
  Failing features(*cpu);
  std::vector<float> weight = features.variables.get("visual.ln_post.weight");
  for (float& value : weight) value = 3.4e38f;
  features.variables.set("visual.ln_post.weight", weight);
  const std::string cause = features.cause();
  CAPTURE(cause);
  CHECK(cause.find("visual") != std::string::npos);
  CHECK(cause.find("was the first to give a value that is not finite") != std::string::npos);

  Failing scale(*cpu);
  scale.variables.set("logit_scale", std::vector<float>{200});
  const std::string loss = scale.cause();
  CAPTURE(loss);
  CHECK(loss.find("contrastive_loss") != std::string::npos);
  CHECK(loss.find("logit_scale") != std::string::npos);
}

TEST_CASE("a_sum_of_finite_gradients_that_overflows_is_named") {
  const auto cpu = open_device("cpu");
  ClipConfig model = test::tiny_model();
  model.adaptation.frozen = Patterns("*");
  model.adaptation.trained = Patterns("logit_scale");
  TrainConfig train = test::step_config("cross_entropy", 4);
  train.grad_scaler.init_scale = 1;
  PairArrays batch = test::random_batch(model, train);
  const auto repeat_first_quarter = [](auto& values) {
    const size_t quarter = values.size() / 4;
    for (size_t i = quarter; i < values.size(); ++i) values[i] = values[i % quarter];
  };
  repeat_first_quarter(batch.pixels);
  repeat_first_quarter(batch.labels);
  for (int32_t& label : batch.labels) label = (label + 1) % 3;  // wrong ones, for large gradients
  Variables variables(*cpu);
  TrainStep step(model, train, train.batch_size, variables,
                 {.precision = DType::f16, .keep_gradients = true});
  variables.initialize(1);
  variables.set("logit_scale", std::vector<float>{9});
  const float sum = step.fetch(step.run(batch, {.lr = 0, .t = 1}), "grad.logit_scale").at(0);
  variables.set("logit_scale", std::vector<float>{9});  // the step has clamped it
  CHECK_FALSE(step.find_nonfinite(batch, {.t = 1}));
  REQUIRE(std::fabs(sum) > 2);
  // Each of the four parts is half of what f32 can hold.
  variables.set("loss_scale", std::vector{std::numeric_limits<float>::max() / std::fabs(sum / 2)});
  const auto found = step.find_nonfinite(batch, {.t = 1});
  REQUIRE(found);
  CAPTURE(found->str());
  CHECK(found->str().find("'accumulated.gradients' holds ") == 0);
}
