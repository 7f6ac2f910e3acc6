#include "train/checkpoint_keeper.h"

#include "core/error.h"
#include "tests/train/small_run.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/trainer.h"

#include <fmt/ranges.h>

#include <doctest/doctest.h>

using namespace tandem;

namespace {

// A run of 12 steps, 3 an epoch, in folder/run; the names of the checkpoints it leaves.
class Run {
 public:
  Run() : config(test::small_config(folder)) { test::write_small_data(folder); }

  std::vector<std::string> train() {
    Trainer(config, {.run = folder / "run", .resume = true}).run();
    return names();
  }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const std::string& path : list_checkpoints(folder / "run/checkpoints")) {
      found.push_back(std::filesystem::path(path).filename().string());
    }
    return found;
  }

  // A folder where the file of a step is to be written: no write can succeed.
  void block(int64_t step) const {
    const std::string path =
        folder / fmt::format("run/checkpoints/{}.tmp/full", checkpoint_name(step));
    std::filesystem::create_directories(path);
  }

  std::vector<MetricsRecord> metrics(const std::string& kind) const {
    std::vector<MetricsRecord> lines = read_metrics(folder.path() / "run" / "metrics.jsonl");
    std::erase_if(lines, [&](const MetricsRecord& line) { return line.kind != kind; });
    return lines;
  }

  std::string log() const { return test::content_of(folder / "run/log.txt"); }

  test::TemporaryFolder folder;
  RunConfig config;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("checkpoints_come_by_steps_time_or_epoch") {
  using Unit = CheckpointRule::Unit;
  CHECK(parse_checkpoint_rule("500") == CheckpointRule{Unit::steps, 500});
  CHECK(parse_checkpoint_rule("90s") == CheckpointRule{Unit::seconds, 90});
  CHECK(parse_checkpoint_rule("15min") == CheckpointRule{Unit::seconds, 900});
  CHECK(parse_checkpoint_rule("2h") == CheckpointRule{Unit::seconds, 7200});
  CHECK(parse_checkpoint_rule("epoch") == CheckpointRule{Unit::epoch, 1});
  for (const char* wrong : {"", "0", "-5", "15 min", "15m", "epochs", "99999999999", "1.5h"}) {
    CHECK_FALSE(parse_checkpoint_rule(wrong).has_value());
  }
}

TEST_CASE("the_best_metric_is_a_recall_of_an_evaluation") {
  CHECK(parse_best_metric("a/b/text_to_image_R@5") == BestMetric{"a/b", "text_to_image_R@5"});
  for (const char* wrong :
       {"", "image_to_text_R@1", "/image_to_text_R@1", "a/text_to_image_mean_rank"}) {
    CHECK_FALSE(parse_best_metric(wrong).has_value());
  }
}

TEST_CASE("the_newest_checkpoints_and_every_fifth_step_are_kept") {
  Run run;
  run.config.train.checkpoint_every = fmt::to_string(1);
  run.config.train.keep_last = 2;
  run.config.train.keep_every = 5;
  CHECK(run.train() ==
        Names{"step_00000012.h5", "step_00000011.h5", "step_00000010.h5", "step_00000005.h5"});
  CHECK(run.metrics("checkpoint").size() == 12);
  for (const MetricsRecord& line : run.metrics("checkpoint")) {
    CHECK(*line.find("checkpoint_stall_seconds") >= 0);
  }
}

TEST_CASE("the_checkpoint_with_the_best_metric_is_kept") {
  Run run;
  run.config.train.checkpoint_every = "2h";
  run.config.train.keep_last = 1;
  run.config.train.keep_best = "test/image_to_text_R@5";
  run.config.evaluate_every_n_epochs = 1;
  const Names kept = run.train();
  const auto best = best_of({"test", "image_to_text_R@5"}, run.metrics("eval"));
  REQUIRE(best.has_value());
  Names expected{"step_00000012.h5"};
  if (best->step != 12) expected.push_back(checkpoint_name(best->step));
  INFO(fmt::format("kept {}", fmt::join(kept, ", ")));
  CHECK(kept == expected);
  CHECK(run.metrics("eval").size() == 4);
}

TEST_CASE("a_best_checkpoint_that_is_damaged_is_saved_again") {
  Run run;
  run.config.train.checkpoint_every = "2h";
  run.config.train.keep_last = 100;
  run.config.train.keep_best = "test/image_to_text_R@5";
  run.config.evaluate_every_n_epochs = 1;
  run.train();
  const auto best = best_of({"test", "image_to_text_R@5"}, run.metrics("eval"));
  REQUIRE(best->step > 3);  // the first is the best so far, and saved
  REQUIRE(best->step < 12);
  const std::string path = run.folder / ("run/checkpoints/" + checkpoint_name(best->step));
  std::filesystem::resize_file(path, 3000);
  std::filesystem::remove(run.folder / ("run/checkpoints/" + checkpoint_name(12)));
  run.train();
  CHECK_NOTHROW(verify_checkpoint(path));
}

TEST_CASE("evaluations_of_the_last_step_are_there_once_however_often_a_run_is_resumed") {
  Run run;
  run.train();
  run.train();
  CHECK(run.metrics("eval").size() == 1);
}

TEST_CASE("metrics_of_a_run_that_left_no_checkpoint_are_not_those_of_the_next") {
  Run run;
  run.train();
  std::filesystem::remove_all(run.folder / "run/checkpoints");
  run.config.train.steps = 3;
  Trainer(run.config, {.run = run.folder / "run"}).run();
  CHECK(run.metrics("train").size() == 3);
}

TEST_CASE("an_evaluation_that_a_signal_cut_off_is_made_when_the_run_goes_on") {
  Run run;
  run.config.evaluate_every_n_epochs = 1;
  run.config.train.keep_last = 100;
  run.train();
  const auto evaluations = run.metrics("eval");
  const Checkpoint unbroken = read_checkpoint(run.folder / "run/checkpoints/step_00000012.h5");
  for (const int64_t step : {9, 12}) {
    std::filesystem::remove(run.folder / ("run/checkpoints/" + checkpoint_name(step)));
  }
  MetricsLog(run.folder.path() / "run/metrics.jsonl").truncate_after(6);
  MetricsLog(run.folder.path() / "run/metrics.jsonl").drop_evaluations(6);
  run.train();
  CHECK(run.metrics("eval").size() == evaluations.size());
  CHECK(read_checkpoint(run.folder / "run/checkpoints/step_00000012.h5") == unbroken);
}

TEST_CASE("an_evaluation_that_cannot_be_made_does_not_end_the_training") {
  Run run;
  run.config.evaluate_every_n_epochs = 1;
  Trainer trainer(run.config, {.run = run.folder / "run"});
  run.folder.write("p20.png", "x");
  CHECK_THROWS_WITH_AS(trainer.run(), doctest::Contains("p20.png"), DataError);
  CHECK(run.log().find("step 9 is not evaluated: ") != std::string::npos);
  CHECK(run.names().front() == "step_00000012.h5");
}

TEST_CASE("a_checkpoint_that_cannot_be_written_does_not_end_the_run") {
  Run run;
  run.config.train.checkpoint_every = fmt::to_string(4);
  run.block(8);
  CHECK(run.train() == Names{"step_00000012.h5", "step_00000004.h5"});
  CHECK(run.log().find("the checkpoint of step 8 is not saved: ") != std::string::npos);
}

TEST_CASE("a_last_checkpoint_that_cannot_be_written_fails_the_run") {
  Run run;
  run.config.train.checkpoint_every = fmt::to_string(4);
  run.block(12);
  CHECK_THROWS_AS(run.train(), CheckpointError);
  CHECK(run.names() == Names{"step_00000008.h5", "step_00000004.h5"});
}
