#include "train/resume.h"

#include "core/error.h"
#include "tests/train/small_run.h"
#include "train/config/changes.h"
#include "train/trainer.h"

#include <doctest/doctest.h>

using namespace tandem;

TEST_CASE("a_change_of_the_config_is_named_with_both_values") {
  RunConfig before, after;
  after.train.lr = 1;
  after.name = "other";
  after.evaluate.push_back({.split = "test"});
  const std::vector<ConfigChange> changes = config_changes(before, after);
  REQUIRE(changes.size() == 6);
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
