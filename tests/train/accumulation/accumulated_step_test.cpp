// Accumulated steps are those of the whole batch, but for rounding.
#include "tests/devices.h"
#include "tests/train/accumulation/tiny_batch.h"

#include <algorithm>

using namespace tandem;
using test::step_config;
using test::train_steps;
using test::Trained;

namespace {

constexpr double rounding = 1e-5;

// The texts of an untrained model's classes are nearly alike, so that their gradients cancel.
constexpr double cancelled = 5e-5;

// Micro-batches against one go, on every device.
void check_exact(const ClipConfig& model, const std::string& loss, int64_t accum_freq,
                 double tolerance = rounding, bool checkpointing = false) {
  for_each_test_device([&](Device& device) {
    TrainConfig parts = step_config(loss, accum_freq);
    parts.grad_checkpointing = checkpointing;
    const Trained whole = train_steps(device, model, step_config(loss, 1));
    CHECK(whole.steps.back().loss != whole.steps.front().loss);
    test::check_equal(train_steps(device, model, parts), whole, tolerance);
  });
}

}  // namespace

TEST_CASE("accumulated_gradients_of_the_contrastive_loss_are_those_of_the_whole_batch") {
  check_exact(test::patchy_model(), "clip", 4);
}

TEST_CASE("accumulated_gradients_of_the_sigmoid_loss_are_those_of_the_whole_batch") {
  check_exact(test::patchy_model(), "siglip", 3);
}

TEST_CASE("accumulated_gradients_of_classes_are_those_of_the_whole_batch") {
  check_exact(test::patchy_model(), "cross_entropy", 4, cancelled);
}

TEST_CASE("micro_batches_of_one_pair_and_gradient_checkpointing_change_nothing") {
  check_exact(test::patchy_model(), "clip", test::batch_pairs, rounding, true);
}

TEST_CASE("micro_batches_drop_what_the_whole_batch_drops") {
  check_exact(test::dropping_model("*proj*"), "clip", 4);
  check_exact(test::dropping_model("logit_scale"), "cross_entropy", 2, cancelled);
}

TEST_CASE("the_temperature_gets_its_gradient_once") {
  for_each_test_device([](Device& device) {
    for (const char* loss : {"clip", "siglip"}) {
      const Trained whole = train_steps(device, test::patchy_model(), step_config(loss, 1));
      const Trained parts = train_steps(device, test::patchy_model(), step_config(loss, 4));
      const float expected = whole.gradients.at("logit_scale").at(0);
      const float got = parts.gradients.at("logit_scale").at(0);
      INFO(loss, ": ", got, " and ", expected);
      CHECK(std::fabs(expected) > 1e-3);
      CHECK(std::fabs(got - expected) <= rounding * std::fabs(expected));
    }
  });
}

TEST_CASE("an_accumulated_step_gives_the_same_bits_twice") {
  for_each_test_device([](Device& device) {
    const ClipConfig model = test::dropping_model("*");
    const Trained a = train_steps(device, model, step_config("clip", 3));
    const Trained b = train_steps(device, model, step_config("clip", 3));
    CHECK(a.gradients == b.gradients);
    CHECK(a.parameters == b.parameters);
    CHECK(a.steps.back().loss == b.steps.back().loss);
  });
}

TEST_CASE("what_is_frozen_stays_and_the_rest_is_trained_as_by_the_whole_batch") {
  for (const char* trained :
       {"logit_scale", "visual.proj logit_scale", "transformer.*", "visual.*"}) {
    CAPTURE(trained);
    ClipConfig model = test::patchy_model();
    model.adaptation.frozen = Patterns("*");
    model.adaptation.trained = Patterns(trained);
    check_exact(model, "clip", 4);
  }
}

TEST_CASE("lower_precisions_accumulate_and_their_loss_scale_backs_off_in_the_same_steps") {
  for_each_test_device([](Device& device) {
    for (const DType precision : {DType::bf16, DType::f16}) {
      TrainConfig one = step_config("clip", 1);
      one.grad_scaler = {.init_scale = 1e9, .backoff_factor = 0.125, .growth_interval = 4};
      TrainConfig four = one;
      four.accum_freq = 4;
      four.batch_size = one.batch_size / 4;
      const Trained whole = train_steps(device, test::patchy_model(), one, precision, 8);
      const Trained parts = train_steps(device, test::patchy_model(), four, precision, 8);
      for (size_t i = 0; i < 8; ++i) {
        INFO(name_of(precision), " step ", i, ": ", parts.steps[i].loss, " and ",
             whole.steps[i].loss);
        CHECK(std::fabs(parts.steps[i].loss - whole.steps[i].loss) <= 0.03 * whole.steps[i].loss);
        CHECK(parts.steps[i].loss_scale == whole.steps[i].loss_scale);
      }
      if (precision == DType::f16) CHECK(parts.steps[4].loss_scale < 1e9);
    }
  });
}

TEST_CASE("every_kernel_of_an_accumulated_step_is_profiled_and_its_bits_stay") {
  const auto cpu = open_device("cpu");
  const ClipConfig model = test::dropping_model("*");
  const TrainConfig train = step_config("clip", 3);
  const PairArrays batch = test::random_batch(model, train);
  const auto after_two = [&](bool profile) {
    Variables variables(*cpu);
    TrainStep step(model, train, train.batch_size, variables);
    variables.initialize(1);
    step.run(batch, {.lr = 1e-2, .t = 1});
    if (profile) {
      CHECK(step.profile(batch, {.lr = 1e-2, .t = 2}).size() == step.kernels());
    } else {
      step.run(batch, {.lr = 1e-2, .t = 2});
    }
    CHECK(std::isfinite(step.result(2).loss));
    return variables.get("visual.proj");
  };
  CHECK(after_two(true) == after_two(false));
}
