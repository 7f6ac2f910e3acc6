#include "train/snapshot.h"

#include "core/error.h"
#include "models/clip.h"
#include "tests/train/small_run.h"
#include "train/train_step.h"

#include <doctest/doctest.h>

using namespace tandem;

TEST_CASE("a_snapshot_restores_what_it_was_taken_of_and_says_what_it_lacks") {
  const test::TemporaryFolder folder;
  const RunConfig config = test::small_config(folder);
  const auto device = open_device("cpu");
  Variables variables(*device);
  const TrainStep step(config.model, config.train, 6, variables);
  variables.initialize(5);
  Checkpoint checkpoint = take_snapshot(variables, config, "{}", {.step = 7, .epoch = 2});
  const std::vector<float> before = variables.get("visual.proj");
  variables.initialize(6);
  CHECK(restore_snapshot(checkpoint, variables, "a.h5").step == 7);
  CHECK(variables.get("visual.proj") == before);

  CHECK(restore_snapshot(checkpoint, variables, "a.h5").bad_samples.empty());
  checkpoint.attributes["bad_samples"] = "[4,17]";
  CHECK(restore_snapshot(checkpoint, variables, "a.h5").bad_samples == std::set<int64_t>{4, 17});
  for (const char* wrong : {"", "[", "4", "[\"x\"]", "{}"}) {
    checkpoint.attributes["bad_samples"] = wrong;
    CHECK_THROWS_AS(restore_snapshot(checkpoint, variables, "a.h5"), CheckpointError);
  }
  checkpoint.attributes.erase("bad_samples");

  const std::string lost = checkpoint.optimizer.back().name;
  checkpoint.optimizer.pop_back();
  const std::string message = fmt::format(
      "a.h5: has no optimizer state '{}'; it can be evaluated, not resumed.", lost);
  CHECK_THROWS_WITH_AS(restore_snapshot(checkpoint, variables, "a.h5"), message.c_str(),
                       CheckpointError);
}
