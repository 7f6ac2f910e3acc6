#include "train/data/patch_dropout.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

using namespace tandem;

namespace {

std::vector<int32_t> kept_of(uint32_t sample, int64_t slot, int64_t patches, size_t count) {
  std::vector<int32_t> kept(1 + count);
  keep_patches(Random(3, 1, sample, RandomUse::patches), slot, {patches}, kept);
  return kept;
}

}  // namespace

TEST_CASE("patch_dropout_keeps_the_class_token_and_patches_in_their_order") {
  for (uint32_t sample = 0; sample < 50; ++sample) {
    const std::vector<int32_t> kept = kept_of(sample, 2, 9, 4);
    CHECK(kept[0] == 20);  // two samples of ten tokens stand before it
    for (size_t i = 1; i < kept.size(); ++i) CHECK(kept[i] > kept[i - 1]);
    CHECK(kept.back() < 30);
  }
  CHECK(kept_of(0, 0, 3, 3) == std::vector<int32_t>{0, 1, 2, 3});
}

TEST_CASE("patch_dropout_of_a_tower_without_a_class_token_keeps_patches_alone") {
  std::vector<int32_t> kept(4);
  keep_patches(Random(3, 1, 0, RandomUse::patches), 2, {9, false}, kept);
  CHECK(kept[0] >= 18);  // two samples of nine patches stand before it
  for (size_t i = 1; i < kept.size(); ++i) CHECK(kept[i] > kept[i - 1]);
  CHECK(kept.back() < 27);
  kept.resize(9);
  keep_patches(Random(3, 1, 0, RandomUse::patches), 0, {9, false}, kept);
  CHECK(kept == std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("patch_dropout_keeps_every_choice_of_patches_equally_often") {
  std::map<std::vector<int32_t>, int> choices;
  for (uint32_t sample = 0; sample < 6000; ++sample) ++choices[kept_of(sample, 0, 4, 2)];
  CHECK(choices.size() == 6);
  for (const auto& [choice, times] : choices) {
    INFO("patches ", choice[1], " and ", choice[2], " in ", times, " of 6000");
    CHECK(std::abs(times - 1000) <= 150);  // five standard deviations
  }
}
