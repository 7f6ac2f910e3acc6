// Runs on features that a signal stops.
#include "core/error.h"
#include "tests/train/features/small_features.h"
#include "tests/train/small_run.h"
#include "train/adapters/adapter_run.h"
#include "train/adapters/base_features.h"
#include "train/adapters/fit_adapter.h"
#include "train/adapters/fit_progress.h"
#include "train/adapters/projection.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/config/reference.h"
#include "train/signals.h"

#include <doctest/doctest.h>

#include <csignal>

using namespace tandem;

namespace {

RunConfig config_of_kind(const test::TemporaryFolder& folder, const std::string& kind) {
  RunConfig config;
  config.name = "small";
  config.device = "cpu";
  config.adapter.kind = kind;
  config.adapter.logit_scale = 5;
  config.adapter.clip_adapter = {.reduction = 1, .ratio = 0.6};
  config.data.features = folder / "features.h5";
  config.data.few_shot.val_split = "val";
  config.data.few_shot.test_split = "test";
  config.train.epochs = 9;
  config.train.lr = 1e-2;
  config.train.warmup = 0;
  config.train.batch_size = 4;
  return config;
}

// Sends a signal during the third epoch, at whose end the fit is to stop.
struct Stopper : FitWatcher {
  std::optional<FitState> state;
  void after_epoch(const FitEpoch& epoch, const std::function<FitState()>& copy,
                   bool stopping) override {
    if (stopping) state = copy();
    if (epoch.epoch == 2) std::raise(SIGUSR1);
  }
};

// What a run leaves behind that is stopped after its third epoch.
void run_three_epochs(const RunConfig& config, const std::string& run) {
  const auto device = open_device("cpu");
  AdapterFeatures features(config, run, *device, [](const std::string&) {});
  Stopper stopper;
  const StopSignals signals;
  try {
    if (config.adapter.kind == "projection") {
      fit_projection(features.set(), config, *device, stopper);
    } else {
      fit_adapter(split_features(features.set(), config), config, *device, &stopper);
    }
    FAIL("it was not stopped");
  } catch (const FitStopped& stopped) {
    CHECK(stopped.signal == "SIGUSR1");
  }
  REQUIRE(stopper.state);
  CHECK(stopper.state->last.epoch == 3);
  std::filesystem::create_directories(run);
  write_progress(run + "/progress.h5", *stopper.state, config);
}

}  // namespace

TEST_CASE("a_stopped_run_on_features_goes_on_with_the_same_bits") {
  for (const char* kind : {"clip_adapter", "tip_adapter_f", "projection"}) {
    CAPTURE(kind);
    const test::TemporaryFolder folder;
    test::write_small_features(folder / "features.h5");
    const RunConfig config = config_of_kind(folder, kind);
    run_feature_adapter(config, {.run = folder / "whole"});
    run_three_epochs(config, folder / "parts");
    run_feature_adapter(config, {.run = folder / "parts", .resume = true});
    const std::string log = test::content_of(folder / "parts/log.txt");
    CHECK(log.find("resuming after epoch 3") != std::string::npos);
    CHECK(read_checkpoint(find_checkpoint(folder / "whole").path) ==
          read_checkpoint(find_checkpoint(folder / "parts").path));
    CHECK(test::content_of(folder / "whole/results.json") ==
          test::content_of(folder / "parts/results.json"));
    CHECK_FALSE(std::filesystem::exists(folder / "parts/progress.h5"));
  }
}

TEST_CASE("an_adapter_on_features_does_not_go_on_in_the_folder_of_another_run") {
  const test::TemporaryFolder folder;
  test::write_small_features(folder / "features.h5");
  const RunConfig config = config_of_kind(folder, "clip_adapter");
  folder.write("run/config.yaml", to_yaml(test::small_config(folder)));
  folder.write("run/metrics.jsonl", "");
  CHECK_THROWS_WITH_AS(run_feature_adapter(config, {.run = folder / "run", .resume = true}),
                       doctest::Contains("began here"), ConfigError);
  CHECK(std::filesystem::exists(folder / "run/metrics.jsonl"));
}

TEST_CASE("a_stopped_run_on_features_is_not_begun_anew_or_changed_by_mistake") {
  const test::TemporaryFolder folder;
  test::write_small_features(folder / "features.h5");
  RunConfig config = config_of_kind(folder, "clip_adapter");
  run_three_epochs(config, folder / "run");
  CHECK_THROWS_WITH_AS(run_feature_adapter(config, {.run = folder / "run"}),
                       doctest::Contains("go on with --resume"), ConfigError);
  config.train.lr = 1e-3;
  CHECK_THROWS_WITH_AS(run_feature_adapter(config, {.run = folder / "run", .resume = true}),
                       doctest::Contains("stopped with train.lr 0.01"), ConfigError);
}
