#include "train/evaluate/retrieval.h"

#include "core/error.h"
#include "core/philox.h"
#include "train/evaluate/scores.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace tandem;

namespace {

std::vector<float> random_features(int64_t rows, int64_t width, uint64_t seed) {
  Random random(seed, 0, 0, RandomUse::test);
  std::vector<float> values(static_cast<size_t>(rows * width));
  for (float& value : values) value = random.normal();
  return values;
}

// Few distinct values, so that many scores tie.
std::vector<float> coarse_features(int64_t rows, int64_t width, uint64_t seed) {
  Random random(seed, 0, 0, RandomUse::test);
  std::vector<float> values(static_cast<size_t>(rows * width));
  for (float& value : values) value = static_cast<float>(random.below(3)) - 1;
  return values;
}

struct Case {
  int64_t images, texts, width;
  std::vector<float> image_features, text_features;
  std::vector<int64_t> image_of_text, groups;

  RetrievalFeatures features() const {
    return {image_features, text_features, width, image_of_text, groups};
  }
};

Case make_case(bool coarse, uint64_t seed) {
  const auto make = coarse ? coarse_features : random_features;
  Case made{131, 203, 19, make(131, 19, seed), make(203, 19, seed + 1), {}, {}};
  Random random(seed + 2, 0, 0, RandomUse::test);
  // The last ten images have no caption.
  for (int t = 0; t < 203; ++t) made.image_of_text.push_back(static_cast<int>(random.below(121)));
  for (int i = 0; i < 131; ++i) made.groups.push_back(static_cast<int>(random.below(30)) - 3);
  return made;
}

bool is_positive(const Case& c, bool by_group, int64_t image, int64_t text) {
  const auto own = static_cast<size_t>(c.image_of_text[static_cast<size_t>(text)]);
  if (static_cast<int64_t>(own) == image) return true;
  const int64_t group = c.groups[static_cast<size_t>(image)];
  return by_group && group >= 0 && group == c.groups[own];
}

// Ranks by the definition, one full row of scores at a time.
std::vector<int64_t> plain_ranks(const Case& c, bool by_group, bool images_ask) {
  std::vector<int64_t> ranks;
  for (int64_t query = 0; query < (images_ask ? c.images : c.texts); ++query) {
    std::vector<float> right, wrong;
    for (int64_t other = 0; other < (images_ask ? c.texts : c.images); ++other) {
      const int64_t image = images_ask ? query : other, text = images_ask ? other : query;
      const float value = score(c.image_features.data() + image * c.width,
                                c.text_features.data() + text * c.width, c.width);
      (is_positive(c, by_group, image, text) ? right : wrong).push_back(value);
    }
    int64_t rank = 0;
    if (!right.empty()) {
      const float best = *std::max_element(right.begin(), right.end());
      rank = 1 + std::count_if(wrong.begin(), wrong.end(), [&](float v) { return v >= best; });
    }
    ranks.push_back(rank);
  }
  return ranks;
}

}  // namespace

TEST_CASE("retrieval_ranks_are_those_of_the_definition_ties_and_groups_included") {
  for (const bool coarse : {false, true}) {
    for (const bool by_group : {false, true}) {
      const Case c = make_case(coarse, coarse ? 10 : 20);
      RetrievalOptions options;
      options.group_is_positive = by_group;
      const auto result = evaluate_retrieval(c.features(), options);
      CHECK(result.image_to_text.ranks == plain_ranks(c, by_group, true));
      CHECK(result.text_to_image.ranks == plain_ranks(c, by_group, false));
      CHECK(result.text_to_image.queries == 203);
      CHECK(result.text_to_image.candidates == 131);
      if (!by_group) CHECK(result.image_to_text.queries <= 121);
    }
  }
}

TEST_CASE("recalls_and_ranks_of_a_small_case_are_as_by_hand") {
  // Text 0 and 1 belong to image 0, text 2 to image 1; one axis an image, one for confusion.
  const std::vector<float> images{1, 0, 0, 1};
  const std::vector<float> texts{0.2f, 0.9f, 1, 0, 0.6f, 0.5f};
  const std::vector<int64_t> image_of_text{0, 0, 1};
  const auto result = evaluate_retrieval({images, texts, 2, image_of_text});
  CHECK(result.image_to_text.ranks == std::vector<int64_t>{1, 2});
  CHECK(result.text_to_image.ranks == std::vector<int64_t>{2, 1, 2});
  CHECK(result.image_to_text.recall_at(1) == 0.5);
  CHECK(result.image_to_text.recall_at(5) == 1.0);
  CHECK(result.image_to_text.median_rank == 1.5);
  CHECK(result.text_to_image.median_rank == 2);
  CHECK(std::abs(result.text_to_image.mean_rank - 5.0 / 3) <= 1e-12);
  CHECK_THROWS_AS(result.image_to_text.recall_at(3), Error);
  const auto values = retrieval_values(result);
  CHECK(values.size() == 10);
  CHECK(values[0].first == "image_to_text_R@1");
}

TEST_CASE("a_model_that_gives_everything_one_feature_finds_nothing") {
  const std::vector<float> same(40 * 7, 0.3779645f);
  std::vector<int64_t> image_of_text(40);
  for (int t = 0; t < 40; ++t) image_of_text[static_cast<size_t>(t)] = t;
  const auto result = evaluate_retrieval({same, same, 7, image_of_text});
  CHECK(result.image_to_text.recall_at(10) == 0);
  CHECK(result.text_to_image.recall_at(10) == 0);
  CHECK(result.text_to_image.median_rank == 40);
}

TEST_CASE("retrieval_does_not_depend_on_the_number_of_threads") {
  const Case c = make_case(false, 5);
  RetrievalOptions one, three;
  one.threads = 1;
  three.threads = 3;
  const auto a = evaluate_retrieval(c.features(), one);
  const auto b = evaluate_retrieval(c.features(), three);
  CHECK(a.text_to_image.ranks == b.text_to_image.ranks);
  CHECK(a.text_to_image.recalls[1].interval.low == b.text_to_image.recalls[1].interval.low);
}

TEST_CASE("the_bootstrap_interval_has_the_width_of_the_binomial") {
  // 400 pairs that are found or not with probability 1/2: the standard error is 0.025.
  const int64_t pairs = 400;
  std::vector<float> images = random_features(pairs, 64, 1), texts = images;
  std::vector<int64_t> image_of_text(static_cast<size_t>(pairs));
  for (int64_t t = 0; t < pairs; ++t) {
    image_of_text[static_cast<size_t>(t)] = t;
    if (t % 2 == 1) std::fill_n(texts.begin() + t * 64, 64, 0.0f);  // ties with all: not found
  }
  const auto result = evaluate_retrieval({images, texts, 64, image_of_text});
  const Recall& recall = result.text_to_image.recalls[0];
  CHECK(recall.share == 0.5);
  CHECK(std::abs(recall.interval.low - (0.5 - 1.96 * 0.025)) <= 0.012);
  CHECK(std::abs(recall.interval.high - (0.5 + 1.96 * 0.025)) <= 0.012);
}

TEST_CASE("top_candidates_are_sorted_and_ties_go_to_the_first") {
  const std::vector<float> query{1, 0};
  const std::vector<float> candidates{0, 1, 2, 0, 2, 5, 3, 0};
  const auto top = top_candidates(query, candidates, 3);
  REQUIRE(top.size() == 3);
  CHECK(top[0].index == 3);
  CHECK(top[1].index == 1);
  CHECK(top[2].index == 2);
  CHECK(top_candidates(query, candidates, 9).size() == 4);
  CHECK_THROWS_AS(top_candidates(query, std::vector<float>{1, 2, 3}, 1), DataError);
}

TEST_CASE("a_text_of_no_picture_is_wrong_for_every_one") {
  const std::vector<float> images{1, 0, 0, 1}, texts{1, 0.1f, 0, 0.5f, 0.2f, 0.9f};
  const std::vector<int64_t> image_of_text{0, 1, -1};
  const auto result = evaluate_retrieval({images, texts, 2, image_of_text});
  CHECK(result.image_to_text.ranks == std::vector<int64_t>{1, 2});
  CHECK(result.text_to_image.ranks == std::vector<int64_t>{1, 1, 0});
  CHECK(result.text_to_image.queries == 2);
}

TEST_CASE("retrieval_refuses_features_that_do_not_fit") {
  const std::vector<float> images{1, 0, 0, 1}, texts{1, 0};
  const std::vector<float> bad{1, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<int64_t> first{0}, outside{2}, two{0, 1};
  CHECK_NOTHROW(evaluate_retrieval({images, texts, 2, first}));
  CHECK_THROWS_WITH_AS(evaluate_retrieval({images, bad, 2, first}),
                       "retrieval: the feature of text 0 has the value nan; the model that gave "
                       "it has diverged.",
                       DataError);
  CHECK_THROWS_AS(evaluate_retrieval({images, texts, 0, first}), DataError);
  CHECK_THROWS_AS(evaluate_retrieval({images, texts, 3, first}), DataError);
  CHECK_THROWS_AS(evaluate_retrieval({images, {}, 2, {}}), DataError);
  CHECK_THROWS_AS(evaluate_retrieval({images, texts, 2, outside}), DataError);
  CHECK_THROWS_AS(evaluate_retrieval({images, texts, 2, two}), DataError);
  CHECK_THROWS_AS(evaluate_retrieval({images, texts, 2, first, first}), DataError);
}
