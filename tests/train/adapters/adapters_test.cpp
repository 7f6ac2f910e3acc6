#include "core/error.h"
#include "tests/devices.h"
#include "tests/train/contains.h"
#include "tests/train/features/small_features.h"
#include "train/adapters/adapter_outcome.h"
#include "train/adapters/fit_adapter.h"
#include "train/evaluate/classification.h"

#include <cmath>

using namespace tandem;
using namespace tandem::test;

namespace {

// 60 pictures of three classes, whose texts are half wrong: the pictures must help.
FeatureSet noisy_set() {
  const LabelledRows rows = noisy_rows(60, 3, 0.3f, 3);
  FeatureSet set;
  set.source = "noisy";
  set.images = rows.features;
  set.labels = rows.labels;
  set.class_names = {"cat", "dog", "owl"};
  std::vector<float> texts = random_values(24, 9);
  for (size_t c = 0; c < 3; ++c) texts[c * 8 + c] += 0.5f;
  set.class_texts = std::make_shared<MemoryRows>(std::move(texts), 8, "texts");
  return set;
}

RunConfig config_of_kind(const std::string& kind, int64_t shots = 4) {
  RunConfig config;
  config.name = "noisy-run";
  config.adapter.kind = kind;
  config.data.features = "noisy";
  config.data.few_shot.shots = shots;
  config.adapter.logit_scale = 5;
  config.adapter.clip_adapter = {.reduction = 1, .ratio = 0.6};
  config.train.epochs = 40;
  config.train.lr = 1e-2;
  config.train.warmup = 0;
  config.train.batch_size = 5;  // a last batch of two, filled up
  return config;
}

std::string refusal(const RunConfig& config, const FeatureSet& set = noisy_set()) {
  try {
    const auto device = open_device("cpu");
    fit_adapter(split_features(set, config), config, *device);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("shots_choices_and_tests_of_an_adapter_are_apart") {
  const AdapterData data = split_features(noisy_set(), config_of_kind("tip_adapter"));
  CHECK(data.train.size() == 12);
  CHECK(data.validation.size() == 12);
  CHECK(data.test.size() == 36);
  std::vector<int64_t> rows = (data.train + data.validation + data.test).rows;
  std::sort(rows.begin(), rows.end());
  CHECK(std::adjacent_find(rows.begin(), rows.end()) == rows.end());
  RunConfig more = config_of_kind("tip_adapter");
  more.data.few_shot.val_shots = 7;
  CHECK(split_features(noisy_set(), more).validation.size() == 21);
}

TEST_CASE("every_adapter_on_features_gets_more_right_than_the_texts_alone") {
  for_each_test_device([](Device& device) {
    const RunConfig plain = config_of_kind("zero_shot");
    const AdapterData data = split_features(noisy_set(), plain);
    const double before = test_adapter(fit_adapter(data, plain, device), data, device)
                              .test.test.acc1.value;
    for (const char* kind : {"linear_probe", "clip_adapter", "tip_adapter", "tip_adapter_f"}) {
      const RunConfig config = config_of_kind(kind);
      const FittedAdapter adapter = fit_adapter(data, config, device);
      const double after = test_adapter(adapter, data, device).test.test.acc1.value;
      INFO(kind, ": ", after, " after ", before);
      CHECK(after > before);
    }
  });
}

TEST_CASE("the_same_seed_gives_the_same_bits_and_another_one_others") {
  const auto device = open_device("cpu");
  for (const char* kind : {"clip_adapter", "tip_adapter_f"}) {
    RunConfig config = config_of_kind(kind);
    const AdapterData data = split_features(noisy_set(), config);
    const auto fitted = [&] { return fit_adapter(data, config, *device).tensors; };
    const auto first = fitted();
    CHECK(first == fitted());
    config.seed = 1;
    CHECK_FALSE(first == fitted());
  }
}

TEST_CASE("an_adapter_comes_back_from_its_checkpoint_for_its_own_features_alone") {
  const auto device = open_device("cpu");
  const RunConfig config = config_of_kind("tip_adapter");
  const AdapterData data = split_features(noisy_set(), config);
  const FittedAdapter adapter = fit_adapter(data, config, *device);
  const Checkpoint kept = adapter_checkpoint(adapter, data, config);
  const FittedAdapter back = adapter_of(kept, data.set, "a.h5");
  CHECK(back.tensors == adapter.tensors);
  CHECK(back.numbers == adapter.numbers);
  CHECK(back.settings == adapter.settings);
  FeatureSet other = noisy_set();
  other.images = noisy_rows(60, 3, 0.3f, 4).features;
  CHECK_THROWS_WITH_AS(adapter_of(kept, other, "a.h5"), doctest::Contains("other features"),
                       ConfigError);
  Checkpoint damaged = kept;
  damaged.attributes["feature_adapter"] = "{}";
  CHECK_THROWS_AS(adapter_of(damaged, data.set, "a.h5"), CheckpointError);
}

TEST_CASE("an_adapter_that_can_not_be_fitted_says_why") {
  CHECK(contains(refusal(config_of_kind("tip_adapter", 21)), "fewer than 21 shots"));
  CHECK(contains(refusal(config_of_kind("tip_adapter", 20)), "no picture is left to test"));
  CHECK(contains(refusal(config_of_kind("tip_adapter", 0)), "set data.few_shot.shots"));
  FeatureSet no_texts = noisy_set();
  no_texts.class_texts = nullptr;
  CHECK(contains(refusal(config_of_kind("clip_adapter"), no_texts), "needs class_text_features"));
  CHECK(refusal(config_of_kind("linear_probe"), no_texts).empty());
  RunConfig narrow = config_of_kind("clip_adapter");
  narrow.adapter.clip_adapter.reduction = 9;
  CHECK(contains(refusal(narrow), "leaves no channels"));
  FeatureSet split = noisy_set();
  for (size_t i = 0; i < 60; ++i) split.splits.push_back(i < 30 ? "train" : "test");
  RunConfig whole = config_of_kind("tip_adapter", 0);
  whole.data.few_shot.test_split = "test";
  CHECK(contains(refusal(whole, split), "no picture is left to choose alpha and beta on"));
  whole.adapter.tip_adapter.search = false;
  CHECK(refusal(whole, split).empty());
}

TEST_CASE("the_search_goes_beyond_the_largest_alpha_while_that_is_the_best") {
  const auto device = open_device("cpu");
  RunConfig config = config_of_kind("tip_adapter");
  config.adapter.logit_scale = 100;  // the texts, half of which are wrong, outweigh the cache
  config.adapter.tip_adapter.alpha = 0.1;
  config.adapter.tip_adapter.alpha_max = 0.2;
  const AdapterData data = split_features(noisy_set(), config);
  const FittedAdapter wide = fit_adapter(data, config, *device);
  config.adapter.tip_adapter.search = false;
  config.adapter.tip_adapter.alpha = 0.2;
  const FittedAdapter narrow = fit_adapter(data, config, *device);
  CHECK(wide.numbers.at("alpha") > 0.4);
  CHECK(*wide.validation_acc1 >
        accuracy(adapter_ranks(narrow, data.validation, *device)));
}

TEST_CASE("base_to_new_learns_half_of_the_classes_and_tests_all") {
  const auto device = open_device("cpu");
  RunConfig config = config_of_kind("clip_adapter");
  config.data.few_shot.base_to_new = true;
  const AdapterData data = split_features(noisy_set(), config);
  CHECK(data.classes == 2);
  CHECK(data.train.size() == 8);
  CHECK(data.fresh.size() == 20);
  const AdapterOutcome outcome =
      test_adapter(fit_adapter(data, config, *device), data, *device);
  CHECK(outcome.fresh->test.acc1.value == 1);  // one class alone is always right
  const double base = outcome.test.test.acc1.value;
  CHECK(std::abs(figures_of(outcome)[2].second[0].second - 2 * base / (base + 1)) <= 1e-12);
  config.adapter.kind = "linear_probe";
  const FittedAdapter probe = fit_adapter(data, config, *device);
  CHECK_THROWS_AS(test_adapter(probe, data, *device), ConfigError);
}
