// Whole runs that accumulate: they are those of larger batches, and resume with the same bits.
#include "tests/devices.h"
#include "tests/train/tuning/small_adapter.h"
#include "train/report/metrics_log.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

// Adapters with dropout on a base with patch dropout; three steps of six pairs an epoch.
RunConfig dropping_run(const test::SmallBase& base, const std::string& device) {
  RunConfig config =
      base.config("lora", {"adapter.lora.dropout=0.3", "train.accum_freq=2", "train.batch_size=3",
                           "train.checkpoint_every=4", "train.keep_last=9", "data.workers=3",
                           "model.vision_cfg.patch_dropout=0.5"});
  config.device = device;
  return config;
}

std::vector<double> losses_of(const std::filesystem::path& run) {
  std::vector<double> losses;
  for (const MetricsRecord& record : read_metrics(run / "metrics.jsonl")) {
    if (record.kind == "train") losses.push_back(*record.find("loss"));
  }
  return losses;
}

void check_resumes(const std::string& device) {
  const test::SmallBase base;
  const RunConfig config = dropping_run(base, device);
  REQUIRE(config.model.vision_cfg.patch_dropout == 0.5);
  base.train(config, "unbroken");
  base.train(config, "broken");
  std::filesystem::remove(base.checkpoint("broken", 6));
  base.train(config, "broken", true);  // from step 4, in the middle of the second epoch
  const Checkpoint unbroken = read_checkpoint(base.checkpoint("unbroken", 6));
  const Checkpoint resumed = read_checkpoint(base.checkpoint("broken", 6));
  CHECK(resumed.model == unbroken.model);
  CHECK(resumed.optimizer == unbroken.optimizer);
  CHECK(resumed.state == unbroken.state);
  CHECK(resumed.state.at("samples") == 36);
  CHECK(losses_of(base.folder.path() / "broken") == losses_of(base.folder.path() / "unbroken"));
}

}  // namespace

TEST_CASE("a_resumed_run_that_accumulates_continues_with_the_same_bits") {
  check_resumes("cpu");
  for (const NamedDevice& named : vulkan_devices()) {
    INFO(named.device->info().name);
    check_resumes(named.name);
  }
}

TEST_CASE("a_run_that_accumulates_takes_the_steps_of_one_with_larger_batches") {
  const test::SmallBase base;
  const RunConfig parts = dropping_run(base, "cpu");
  RunConfig whole = parts;
  whole.train.accum_freq = 1;
  whole.train.batch_size = 6;
  base.train(parts, "parts");
  base.train(whole, "whole");
  const std::vector<double> got = losses_of(base.folder.path() / "parts");
  const std::vector<double> expected = losses_of(base.folder.path() / "whole");
  REQUIRE(got.size() == 6);
  REQUIRE(expected.size() == 6);
  for (size_t i = 0; i < got.size(); ++i) {
    INFO("step ", i, ": ", got[i], " and ", expected[i]);
    CHECK(std::fabs(got[i] - expected[i]) <= 1e-4 * expected[i]);
  }
}

TEST_CASE("a_batch_of_all_micro_batches_has_no_group_twice") {
  const test::SmallBase base;
  RunConfig config = dropping_run(base, "cpu");
  config.train.batch_size = 5;  // ten pairs of nine groups
  CHECK_THROWS_WITH_AS(base.train(config, "run"), doctest::Contains("train.accum_freq"),
                       ConfigError);
}
