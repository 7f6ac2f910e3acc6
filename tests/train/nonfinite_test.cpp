// Steps whose loss is not finite: one white picture among black ones becomes infinite in a run
// whose data.std is tiny.
#include "core/error.h"
#include "tests/devices.h"
#include "tests/train/contains.h"
#include "tests/train/small_run.h"
#include "train/checkpoint/checkpoint.h"
#include "train/report/metrics_log.h"
#include "train/train_step.h"
#include "train/trainer.h"

#include <doctest/doctest.h>
#include <cmath>

using namespace tandem;
using tandem::test::contains;
using tandem::test::failure;

namespace {

// The first `white` of 18 pictures are white, the others black; three batches of six.
RunConfig bad_config(const test::TemporaryFolder& folder, int white) {
  std::ofstream table(folder / "pictures.jsonl");
  for (int i = 0; i < 18; ++i) {
    const Image image{16, 16, std::vector<uint8_t>(3 * 16 * 16, i < white ? 255 : 0)};
    const std::string file = fmt::format("p{}.png", i);
    std::ofstream(folder / file, std::ios::binary) << png_bytes(image);
    table << fmt::format(R"({{"image":"{}","caption":"number {}","split":"train"}})", file, i)
          << "\n";
  }
  RunConfig config = test::small_config(folder);
  config.data.mean = {0, 0, 0};
  config.data.std = {2e-39, 2e-39, 2e-39};
  config.data.tokenizer.vocab_size = 514;
  config.train.checkpoint_every = fmt::to_string(1);
  config.train.keep_last = 100;
  config.evaluate.clear();
  return config;
}

Checkpoint checkpoint_of(const test::TemporaryFolder& folder, const char* run, int64_t step) {
  return read_checkpoint(folder / fmt::format("{}/checkpoints/step_{:08}.h5", run, step));
}

void train(const test::TemporaryFolder& folder, const RunConfig& config, const char* run,
           bool resume = false) {
  Trainer(config, {.run = folder / run, .resume = resume}).run();
}

std::vector<double> losses_of(const test::TemporaryFolder& folder, const char* run) {
  std::vector<double> losses;
  for (const MetricsRecord& record : read_metrics(folder.path() / run / "metrics.jsonl")) {
    if (record.kind == "train") losses.push_back(*record.find("loss"));
  }
  return losses;
}

// Deletes the checkpoints after `step`, as if the run had been killed there, and resumes it.
void kill_after(const test::TemporaryFolder& folder, const RunConfig& config, int64_t step) {
  for (int64_t later = step + 1; later <= 20; ++later) {
    std::filesystem::remove(folder / fmt::format("run/checkpoints/step_{:08}.h5", later));
  }
  train(folder, config, "run", true);
}

}  // namespace

TEST_CASE("a_loss_that_is_not_finite_stops_the_run_and_says_what_made_it") {
  const test::TemporaryFolder folder;
  const RunConfig config = bad_config(folder, 1);
  const std::string message = failure(folder, config);
  CHECK(contains(message, ": the loss is nan; the input 'pixels' holds inf at ["));
  CHECK(contains(message, "no checkpoint has anything of it"));
  for (const auto& file : std::filesystem::directory_iterator(folder / "run/checkpoints")) {
    for (const NamedTensor& tensor : read_checkpoint(file.path().string()).model) {
      for (const float value : tensor.values) CHECK(std::isfinite(value));
    }
  }
}

TEST_CASE("a_skipped_step_changes_nothing_and_is_counted") {
  const test::TemporaryFolder folder;
  RunConfig config = bad_config(folder, 1);
  config.train.on_nonfinite = "skip";
  train(folder, config, "run");
  const std::vector<double> losses = losses_of(folder, "run");
  REQUIRE(losses.size() == 12);
  int64_t skipped = 0;
  for (int64_t step = 2; step <= 12; ++step) {
    const Checkpoint before = checkpoint_of(folder, "run", step - 1);
    const Checkpoint after = checkpoint_of(folder, "run", step);
    const bool failed = !std::isfinite(losses[static_cast<size_t>(step - 1)]);
    CHECK((before.model == after.model) == failed);
    CHECK((before.optimizer == after.optimizer) == failed);
    skipped = after.state.contains("skipped") ? after.state.at("skipped") : 0;
  }
  CHECK(skipped == 4);  // once an epoch
  CHECK(contains(test::content_of(folder / "run/log.txt"), "the step is skipped, 4 so far."));
}

TEST_CASE("a_run_that_skips_resumes_with_the_same_bits") {
  const test::TemporaryFolder folder;
  RunConfig config = bad_config(folder, 1);
  config.train.on_nonfinite = "skip";
  train(folder, config, "run");
  const Checkpoint unbroken = checkpoint_of(folder, "run", 12);
  for (const int64_t step : {3, 4, 5}) {
    kill_after(folder, config, step);
    CHECK(checkpoint_of(folder, "run", 12) == unbroken);
  }
}

TEST_CASE("a_step_started_before_the_failure_was_known_is_made_again") {
  const test::TemporaryFolder folder;
  RunConfig config = bad_config(folder, 1);
  config.train.on_nonfinite = "skip";
  train(folder, config, "one_at_a_time");  // a checkpoint waits for each step
  config.train.checkpoint_every = fmt::to_string(1000);
  train(folder, config, "run");
  CHECK(checkpoint_of(folder, "run", 12).optimizer ==
        checkpoint_of(folder, "one_at_a_time", 12).optimizer);
  CHECK(losses_of(folder, "run").size() == 12);
}

TEST_CASE("too_many_skipped_steps_in_a_row_stop_the_run") {
  const test::TemporaryFolder folder;
  RunConfig config = bad_config(folder, 18);
  config.train.on_nonfinite = "skip";
  CHECK(contains(failure(folder, config), "it is the 10th such step in a row"));
}

TEST_CASE("skipped_steps_in_a_row_are_counted_across_a_resume") {
  const test::TemporaryFolder folder;
  RunConfig config = bad_config(folder, 18);
  config.train.on_nonfinite = "skip";
  failure(folder, config);
  CHECK_THROWS_WITH_AS(train(folder, config, "run", true),
                       doctest::Contains("step 10: the loss is nan"), Error);
}

TEST_CASE("a_run_goes_back_to_its_checkpoint_and_past_the_batch_that_failed") {
  const test::TemporaryFolder folder;
  RunConfig config = bad_config(folder, 1);
  config.train.on_nonfinite = "rollback";
  config.train.checkpoint_every = fmt::to_string(2);
  config.train.steps = 6;
  train(folder, config, "run");
  const std::vector<double> losses = losses_of(folder, "run");
  CHECK(losses.size() == 6);
  for (const double loss : losses) CHECK(std::isfinite(loss));
  const Checkpoint unbroken = checkpoint_of(folder, "run", 6);
  CHECK(unbroken.state.at("rollbacks") >= 2);
  CHECK(unbroken.state.at("samples") == 36);
  CHECK(unbroken.state.at("epoch") >= 2);
  for (const int64_t step : {2, 4}) {
    kill_after(folder, config, step);
    CHECK(checkpoint_of(folder, "run", 6) == unbroken);
    CHECK(losses_of(folder, "run") == losses);
  }
}

TEST_CASE("without_a_checkpoint_a_run_goes_back_to_its_beginning") {
  const test::TemporaryFolder folder;
  RunConfig config = bad_config(folder, 1);
  config.train.on_nonfinite = "rollback";
  config.train.checkpoint_every = fmt::to_string(1000);
  config.train.steps = 2;
  config.seed = 3;  // the white picture is in one of the first two batches
  train(folder, config, "run");
  const std::string log = test::content_of(folder / "run/log.txt");
  CHECK(contains(log, "there is no checkpoint; starting anew"));
  CHECK(losses_of(folder, "run").size() == 2);
}

TEST_CASE("a_checkpoint_saved_at_a_stop_does_not_change_where_a_run_goes_back_to") {
  bool went_back_behind_the_stop = false;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const test::TemporaryFolder folder;
    RunConfig config = bad_config(folder, 1);
    config.train.on_nonfinite = "rollback";
    config.train.checkpoint_every = fmt::to_string(2);
    config.train.keep_last = 1;
    config.train.lr_scheduler = "const";  // the same however many steps there are
    config.seed = seed;
    config.train.steps = 3;
    train(folder, config, "run");
    config.train.steps = 6;
    Trainer(config, {.run = folder / "run", .resume = true, .allow_config_change = true}).run();
    train(folder, config, "unbroken");
    CHECK(checkpoint_of(folder, "run", 6) == checkpoint_of(folder, "unbroken", 6));
    CHECK(losses_of(folder, "run") == losses_of(folder, "unbroken"));
    const std::string log = test::content_of(folder / "run/log.txt");
    if (contains(log, "step 4: the loss is nan")) went_back_behind_the_stop = true;
  }
  CHECK(went_back_behind_the_stop);
}

TEST_CASE("a_run_goes_back_only_so_often") {
  const test::TemporaryFolder folder;
  RunConfig config = bad_config(folder, 18);
  config.train.on_nonfinite = "rollback";
  CHECK(contains(failure(folder, config), "the run has gone back 5 times, and stops"));
}

TEST_CASE("steps_after_a_failed_one_change_nothing_until_it_was_looked_at") {
  const test::TemporaryFolder folder;
  RunConfig config = bad_config(folder, 0);
  config.train.grad_scaler.init_scale = 2;  // of fp16: no overflow
  PairArrays good;
  good.pixels.assign(6 * 3 * 16 * 16, 1.0f);
  good.texts.ids.resize(6 * 12, 1);
  good.texts.prepare(config.model.text_cfg);
  PairArrays bad = good;
  bad.pixels[7] = HUGE_VALF;
  for_each_test_device([&](Device& device) {
    for (const DType precision : {DType::f32, DType::f16}) {
      Variables variables(device);
      TrainStep step(config.model, config.train, 6, variables, {.precision = precision});
      variables.initialize(1);
      const auto state = [&] {
        std::vector<std::vector<float>> all;
        for (const std::string& name : variables.parameters()) all.push_back(variables.get(name));
        for (const char* name : {"adamw.m", "adamw.v", "loss_scale", "loss_scale.growth_tracker"}) {
          if (variables.contains(name)) all.push_back(variables.get(name));
        }
        return all;
      };
      step.run(bad, {.lr = 1e-3, .t = 1});
      const auto failed = state();
      const uint64_t held = step.run(good, {.lr = 1e-3, .t = 2});
      CHECK(state() == failed);
      CHECK(std::isfinite(step.result(held).loss));
      step.go_on();
      CHECK(std::isfinite(step.result(step.run(good, {.lr = 1e-3, .t = 2})).gradient_norm));
      CHECK(state() != failed);
    }
  });
}

TEST_CASE("the_part_of_the_model_that_first_overflows_is_named_in_every_precision") {
  const test::TemporaryFolder folder;
  const RunConfig config = bad_config(folder, 0);
  const auto device = open_device("cpu");
  PairArrays batch;
  batch.pixels.assign(6 * 3 * 16 * 16, 1.0f);
  batch.texts.ids.resize(6 * 12, 1);
  batch.texts.prepare(config.model.text_cfg);
  for (const DType precision : {DType::f32, DType::bf16, DType::f16}) {
    CAPTURE(static_cast<int>(precision));
    Variables variables(*device);
    const TrainStep step(config.model, config.train, 6, variables, {.precision = precision});
    variables.initialize(1);
    CHECK_FALSE(step.find_nonfinite(batch, {.lr = 1, .t = 1}));
    const std::string name = "visual.transformer.resblocks.1.mlp.c_fc.weight";
    variables.set(name, std::vector<float>(32 * 128, 3e38f));
    const auto found = step.find_nonfinite(batch, {.lr = 1, .t = 1});
    REQUIRE(found);
    CAPTURE(found->str());
    CHECK(contains(found->str(), "linear in visual.transformer.resblocks.1"));
    CHECK(contains(found->str(), name));
  }
}
