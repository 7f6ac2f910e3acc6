#include "train/features/few_shot.h"

#include "core/error.h"
#include "tests/train/features/small_features.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tandem;
using namespace tandem::test;

namespace {

std::vector<int64_t> sorted_rows(const FewShot& drawn) {
  std::vector<int64_t> rows = (drawn.train + drawn.validation + drawn.rest).rows;
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

TEST_CASE("shots_are_drawn_by_class_and_each_picture_is_in_one_part") {
  const LabelledRows rows = noisy_rows(60, 3, 0, 1);
  const FewShot drawn = draw_shots(rows, {}, 8, 5);
  CHECK(drawn.train.size() == 24);
  CHECK(drawn.validation.size() == 12);
  CHECK(drawn.rest.size() == 24);
  CHECK(sorted_rows(drawn) == rows.rows);
  for (int32_t c = 0; c < 3; ++c) {
    CHECK(std::count(drawn.train.labels.begin(), drawn.train.labels.end(), c) == 8);
    CHECK(std::count(drawn.validation.labels.begin(), drawn.validation.labels.end(), c) == 4);
  }
  for (size_t i = 0; i < drawn.train.rows.size(); ++i) {
    CHECK(drawn.train.labels[i] == drawn.train.rows[i] % 3);
  }
}

TEST_CASE("the_seed_decides_the_draw") {
  const LabelledRows rows = noisy_rows(60, 3, 0, 1);
  CHECK(draw_shots(rows, {}, 2, 5).train.rows == draw_shots(rows, {}, 2, 5).train.rows);
  CHECK(draw_shots(rows, {}, 2, 5).train.rows != draw_shots(rows, {}, 2, 6).train.rows);
}

TEST_CASE("more_shots_than_pictures_are_refused_with_the_class") {
  FeatureSet set;
  set.class_names = {"cat", "dog", "owl"};
  const LabelledRows rows = noisy_rows(20, 3, 0, 1);  // 7, 7, 6
  const FewShot drawn = draw_shots(rows, set, 5, 0);
  CHECK(drawn.train.size() == 15);
  CHECK(drawn.validation.size() == 5);  // what is left
  CHECK(drawn.rest.size() == 0);
  CHECK_THROWS_WITH_AS(draw_shots(rows, set, 7, 0),
                       "few-shot: class 'owl' has 6 pictures, fewer than 7 shots; ask for fewer.",
                       ConfigError);
  CHECK_THROWS_AS(draw_shots(rows, set, 0, 0), ConfigError);
}
