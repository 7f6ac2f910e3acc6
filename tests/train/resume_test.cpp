#include "train/resume.h"

#include "core/error.h"
#include "tests/train/small_run.h"
#include "train/config/changes.h"
#include "train/trainer.h"

#include <doctest/doctest.h>

#include <csignal>

using namespace tandem;

TEST_CASE("a_change_of_the_config_is_named_with_both_values") {
  RunConfig before, after;
  after.train.lr = 1;
  after.name = "other";
  after.evaluate.push_back({.split = "test"});
  const std::vector<ConfigChange> changes = config_changes(before, after);
  REQUIRE(changes.size() == 12);  // two, and every key of an evaluation
  CHECK(changes[0].key == "name");
  CHECK(changes[0].harmless);
  CHECK(changes[1].key == "train.lr");
  CHECK(changes[1].before == "0.0005");
  CHECK(changes[1].after == "1");
  CHECK_FALSE(changes[1].harmless);
  CHECK(changes[3].key == "evaluate.0.table");
  CHECK(changes[3].harmless);
  CHECK(config_changes(after, after).empty());
}

TEST_CASE("a_changed_config_resumes_only_where_that_is_allowed") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  RunConfig config = test::small_config(folder);
  config.train.epochs = 1;
  TrainOptions options{.run = folder / "run"};
  Trainer(config, options).run();
  options.resume = true;
  config.train.keep_last = 9;
  CHECK_NOTHROW(Trainer(config, options));
  config.train.epochs = 2;
  CHECK_THROWS_AS(Trainer(config, options), ConfigError);
  options.allow_config_change = true;
  Trainer(config, options).run();
  CHECK(std::filesystem::exists(folder / "run/checkpoints/step_00000006.h5"));
  const std::string log = test::content_of(folder / "run/log.txt");
  CHECK(log.find("changed: train.epochs was 1 and is 2") != std::string::npos);
}

TEST_CASE("a_run_does_not_start_anew_where_none_of_its_checkpoints_can_be_used") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  RunConfig config = test::small_config(folder);
  Trainer(config, {.run = folder / "run"}).run();
  for (const auto& file : std::filesystem::directory_iterator(folder / "run/checkpoints")) {
    std::filesystem::resize_file(file.path(), 3000);
  }
  const std::string metrics = test::content_of(folder / "run/metrics.jsonl");
  CHECK_THROWS_WITH_AS(Trainer(config, {.run = folder / "run", .resume = true}),
                       doctest::Contains("none of its checkpoints can be used"), CheckpointError);
  CHECK(test::content_of(folder / "run/metrics.jsonl") == metrics);
}

TEST_CASE("a_run_resumes_with_other_rows_only_where_that_is_allowed") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  RunConfig config = test::small_config(folder);
  config.train.steps = 2;
  Trainer(config, {.run = folder / "run"}).run();
  std::ofstream(folder / "pictures.jsonl", std::ios::app)
      << R"({"image":"p0.png","caption":"one more","split":"train"})"
      << "\n";
  TrainOptions options{.run = folder / "run", .resume = true};
  CHECK_THROWS_WITH_AS(Trainer(config, options), doctest::Contains("other rows"), ConfigError);
  options.allow_config_change = true;
  CHECK_NOTHROW(Trainer(config, options));
}

TEST_CASE("a_run_that_its_data_end_saves_what_it_has") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  folder.write("p3.png", "x");
  RunConfig config = test::small_config(folder);
  config.train.checkpoint_every = "2h";
  CHECK_THROWS_AS(Trainer(config, {.run = folder / "run"}).run(), DataError);
  CHECK_FALSE(std::filesystem::is_empty(folder / "run/checkpoints"));
  CHECK(test::content_of(folder / "run/log.txt").find("p3.png: not a PNG") != std::string::npos);
}

TEST_CASE("a_signal_that_comes_before_the_first_step_saves_the_beginning") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  const RunConfig config = test::small_config(folder);
  const auto interrupted = [] {
    std::raise(SIGUSR1);
    return open_device("cpu");
  };
  Trainer(config, {.run = folder / "run", .open = interrupted}).run();
  CHECK(std::filesystem::exists(folder / "run/checkpoints/step_00000000.h5"));
  Trainer(config, {.run = folder / "run", .resume = true}).run();
  Trainer(config, {.run = folder / "unbroken"}).run();
  const std::string last = "checkpoints/step_00000012.h5";
  CHECK(read_checkpoint(folder / ("run/" + last)) ==
        read_checkpoint(folder / ("unbroken/" + last)));
}

TEST_CASE("pictures_that_cannot_be_read_are_logged_once_and_counted_across_a_resume") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  folder.write("p3.png", "x");
  folder.write("p7.png", "x");
  RunConfig config = test::small_config(folder);
  config.data.max_bad_samples = 2;
  config.train.checkpoint_every = fmt::to_string(4);
  config.train.keep_last = 9;
  TrainOptions options{.run = folder / "run"};
  Trainer(config, options).run();
  const std::string last = folder / "run/checkpoints/step_00000012.h5";
  const Checkpoint unbroken = read_checkpoint(last);
  CHECK(unbroken.attributes.at("bad_samples") == "[3,7]");

  const auto go_on_from_step_4 = [&] {
    std::filesystem::remove(folder / "run/checkpoints/step_00000008.h5");
    std::filesystem::remove(last);
    Trainer(config, options).run();
  };
  options.resume = true;
  go_on_from_step_4();
  CHECK(read_checkpoint(last).model == unbroken.model);
  const std::string log = test::content_of(folder / "run/log.txt");
  for (const char* name : {"p3.png: not a PNG", "p7.png: not a PNG"}) {
    CHECK(log.find(name) != std::string::npos);
    CHECK(log.find(name) == log.rfind(name));
  }
  folder.write("p9.png", "x");
  CHECK_THROWS_WITH_AS(go_on_from_step_4(), doctest::Contains("3 pictures can't be read"),
                       DataError);
}

TEST_CASE("where_a_change_makes_epochs_shorter_the_next_one_begins") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  RunConfig config = test::small_config(folder);
  config.train.batch_size = 2;
  config.data.unique_groups = false;
  config.train.steps = 7;
  TrainOptions options{.run = folder / "run"};
  Trainer(config, options).run();
  options = {.run = folder / "run", .resume = true, .allow_config_change = true};
  config.train.batch_size = 6;
  config.train.steps = 8;
  Trainer(config, options).run();
  const Checkpoint last = read_checkpoint(folder / "run/checkpoints/step_00000008.h5");
  // Batch 7 of 9 would be past the end of an epoch of 3.
  CHECK(last.state.at("epoch") == 1);
  CHECK(last.state.at("batch") == 1);
  CHECK(last.state.at("samples") == 20);
}
