#include "train/adapters/projection.h"

#include "core/error.h"
#include "tests/train/features/small_features.h"
#include "tests/train/temporary_folder.h"
#include "train/adapters/adapter_run.h"
#include "train/checkpoint/checkpoint_folder.h"

#include <doctest/doctest.h>

#include <fstream>

using namespace tandem;

namespace {

RunConfig projection_config(const std::string& features) {
  RunConfig config;
  config.name = "projection";
  config.device = "cpu";
  config.adapter.kind = "projection";
  config.data.features = features;
  config.data.few_shot.val_split = "val";
  config.data.few_shot.test_split = "test";
  config.train.epochs = 4;
  config.train.lr = 1e-2;
  config.train.warmup = 0;
  config.train.batch_size = 4;
  return config;
}

}  // namespace

TEST_CASE("a_projection_is_tested_again_with_the_figures_of_its_run") {
  const test::TemporaryFolder folder;
  test::write_small_features(folder / "features.h5");
  const RunConfig config = projection_config(folder / "features.h5");
  run_feature_adapter(config, {.run = folder / "run"});
  std::ifstream file(folder / "run/results.json");
  const auto expected = nlohmann::ordered_json::parse(file);
  const std::string path = find_checkpoint(folder / "run").path;
  const FeatureSet set = read_feature_set(folder / "features.h5");
  const auto device = open_device("cpu");
  const ProjectionOutcome outcome =
      test_projection(read_checkpoint_model(path), set, config, *device, path);
  CHECK(projection_json(outcome, set, config) == expected);
}

TEST_CASE("a_projection_is_refused_on_other_features") {
  const test::TemporaryFolder folder;
  test::write_small_features(folder / "features.h5");
  const RunConfig config = projection_config(folder / "features.h5");
  run_feature_adapter(config, {.run = folder / "run"});
  FeatureSet other = read_feature_set(folder / "features.h5");
  other.images = std::make_shared<MemoryRows>(test::random_values(36, 1), 3, "others");
  const std::string path = find_checkpoint(folder / "run").path;
  const auto device = open_device("cpu");
  CHECK_THROWS_WITH_AS(
      test_projection(read_checkpoint_model(path), other, config, *device, path),
      doctest::Contains("these are other features"), ConfigError);
}
