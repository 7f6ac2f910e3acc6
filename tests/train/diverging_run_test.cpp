// A run whose parameters, not its data, lead to a loss that is not finite.
#include "core/error.h"
#include "tests/train/contains.h"
#include "tests/train/small_run.h"
#include "train/trainer.h"

#include <doctest/doctest.h>

using namespace tandem;
using tandem::test::contains;
using tandem::test::failure;

namespace {

// A run whose third step makes parameters that lead to no finite loss.
RunConfig diverging_config(const test::TemporaryFolder& folder) {
  test::write_small_data(folder);
  RunConfig config = test::small_config(folder);
  config.train.optimizer = "sgd";
  config.train.lr = 1000;
  config.train.warmup = 0;
  config.train.checkpoint_every = fmt::to_string(1);
  config.evaluate.clear();
  return config;
}

}  // namespace

TEST_CASE("where_a_checkpoint_leads_to_no_finite_step_the_run_goes_back_to_the_one_before") {
  const test::TemporaryFolder folder;
  RunConfig config = diverging_config(folder);
  config.train.on_nonfinite = "rollback";
  config.train.keep_last = 1;
  const std::string error = failure(folder, config);
  CHECK(contains(error, "the run has gone back 5 times, and stops"));
  const std::string log = test::content_of(folder / "run/log.txt");
  CHECK(contains(log, error));
  const int64_t newest = std::stoll(log.substr(log.find("going back to step ") + 19));
  CHECK(newest > 0);
  CHECK(contains(log, fmt::format("going back to step {} (2 of 5", newest - 1)));
  CHECK(contains(log, fmt::format("step_{:08}.h5 at step {}", newest - 1, newest - 1)));
}

TEST_CASE("a_model_whose_evaluation_shows_that_it_has_diverged_is_not_saved") {
  const test::TemporaryFolder folder;
  RunConfig config = diverging_config(folder);
  config.evaluate = {{.split = "test"}};
  config.evaluate_every_n_epochs = 1;
  CHECK(contains(failure(folder, config), "step 4: the loss is nan"));
  const std::string log = test::content_of(folder / "run/log.txt");
  CHECK(contains(log, "step 3 is not saved: retrieval: the feature of image 0 has the value "));
  CHECK_FALSE(std::filesystem::exists(folder / "run/checkpoints/step_00000003.h5"));
}
