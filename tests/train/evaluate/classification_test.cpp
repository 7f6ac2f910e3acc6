#include "train/evaluate/classification.h"

#include "core/error.h"
#include "tests/train/features/small_features.h"
#include "tests/train/temporary_folder.h"
#include "train/evaluate/feature_retrieval.h"
#include "train/evaluate/scores.h"
#include "train/evaluate/zero_shot.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;
using namespace tandem::test;

TEST_CASE("a_tie_with_a_wrong_class_counts_as_lost") {
  CHECK(rank_of_label(std::vector<float>{3, 1, 2}, 0) == 1);
  CHECK(rank_of_label(std::vector<float>{3, 1, 2}, 1) == 3);
  CHECK(rank_of_label(std::vector<float>{2, 2, 2}, 1) == 3);
  CHECK(rank_of_label(std::vector<float>{1, std::nanf(""), 2}, 2) == 2);
}

TEST_CASE("accuracies_are_as_counted_by_hand_and_mean_over_classes_that_have_pictures") {
  const std::vector<int32_t> labels{0, 0, 0, 1, 5}, ranks{1, 1, 6, 1, 2};
  const Classification result = summarize_ranks(labels, ranks, 7);
  CHECK(result.acc1.value == 3.0 / 5);
  REQUIRE(result.acc5);
  CHECK(result.acc5->value == 4.0 / 5);
  CHECK(std::abs(result.mean_per_class_recall.value - (2.0 / 3 + 1 + 0) / 3) <= 1e-12);
  CHECK(result.class_hits == std::vector<int64_t>{2, 1, 0, 0, 0, 0, 0});
  CHECK_FALSE(summarize_ranks({{0, 1}}, {{1, 1}}, 5).acc5);
}

TEST_CASE("the_interval_of_the_mean_over_classes_has_the_width_of_the_binomials") {
  // Two classes of 100, right with 1/2: the standard error is 0.05 / sqrt(2) = 0.0354.
  std::vector<int32_t> labels, ranks;
  for (int i = 0; i < 200; ++i) {
    labels.push_back(i % 2);
    ranks.push_back(i % 4 < 2 ? 1 : 2);
  }
  const Share share = summarize_ranks(labels, ranks, 2).mean_per_class_recall;
  CHECK(share.value == 0.5);
  CHECK(std::abs(share.interval.low - (0.5 - 1.96 * 0.0354)) <= 0.015);
  CHECK(std::abs(share.interval.high - (0.5 + 1.96 * 0.0354)) <= 0.015);
}

TEST_CASE("zero_shot_ranks_are_those_of_the_definition_for_any_number_of_threads") {
  const LabelledRows pictures = noisy_rows(5000, 7, 0.8f, 3);  // more than a chunk
  const MemoryRows texts(random_values(7 * 8, 4), 8, "classes");
  const std::vector<float> classes = texts.read_all();
  const auto ranks = zero_shot_ranks(pictures, classes, 1);
  CHECK(ranks == zero_shot_ranks(pictures, classes, 3));
  const std::vector<float> images = pictures.features->read_all();
  for (size_t i = 0; i < 5000; ++i) {
    std::vector<float> scores;
    for (int c = 0; c < 7; ++c) {
      scores.push_back(score(images.data() + i * 8, classes.data() + c * 8, 8));
    }
    if (ranks[i] != rank_of_label(scores, pictures.labels[i])) FAIL_CHECK("picture " << i);
  }
  CHECK_THROWS_AS(zero_shot_ranks(pictures, std::span(classes).first(9)), DataError);
}

TEST_CASE("retrieval_on_features_knows_captions_splits_and_classes") {
  const TemporaryFolder folder;
  write_small_features(folder / "a.h5");
  FeatureSet set = read_feature_set(folder / "a.h5");
  const RetrievalResult test = retrieve(set, "test");
  CHECK(test.text_to_image.queries == 3);
  CHECK(test.image_to_text.recall_at(1) == 1);
  set.texts = nullptr;
  const RetrievalResult classes = retrieve(set, "test");  // cat, dog and one without a label
  CHECK(classes.image_to_text.queries == 2);
  CHECK(classes.image_to_text.candidates == 3);
  CHECK(classes.text_to_image.queries == 2);
  CHECK(classes.text_to_image.candidates == 3);
  set.labels.clear();
  CHECK_THROWS_WITH_AS(retrieve(set, "test"), doctest::Contains("the file has neither"),
                       ConfigError);
}
