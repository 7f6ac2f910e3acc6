#include "train/data/sampler.h"

#include "core/error.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace tandem;

namespace {

std::vector<int64_t> groups_of_size(int64_t groups, int64_t size) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < groups * size; ++i) numbers.push_back(i % groups);
  return numbers;
}

// Whether every sample comes at most once and no batch has a group twice.
bool is_valid(const Sampler& sampler, const std::vector<int64_t>& order) {
  if (static_cast<int64_t>(order.size()) != sampler.batches() * sampler.batch_size()) return false;
  if (std::set<int64_t>(order.begin(), order.end()).size() != order.size()) return false;
  for (int64_t batch = 0; batch < sampler.batches(); ++batch) {
    std::set<int64_t> groups;
    for (int64_t i = 0; i < sampler.batch_size(); ++i) {
      groups.insert(sampler.group(order[batch * sampler.batch_size() + i]));
    }
    if (static_cast<int64_t>(groups.size()) != sampler.batch_size()) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("three_pictures_of_each_concept_lose_no_batch") {
  const Sampler sampler(groups_of_size(1068, 3), {128, true, 0});
  CHECK(sampler.batches() == 25);
  for (int64_t epoch = 0; epoch < 5; ++epoch) CHECK(is_valid(sampler, sampler.epoch(epoch)));
}

TEST_CASE("uneven_groups_fill_as_many_batches_as_can_be") {
  // One group of 10 and five of 2 make 4 batches of 3: a fifth would need 15 of min(10, 5) + 10,
  // which are there, and a sixth 18 of 16.
  std::vector<int64_t> groups(10, 99);
  for (int64_t i = 0; i < 10; ++i) groups.push_back(i / 2);
  const Sampler sampler(groups, {3, true, 1});
  CHECK(sampler.batches() == 5);
  for (int64_t epoch = 0; epoch < 50; ++epoch) REQUIRE(is_valid(sampler, sampler.epoch(epoch)));
}

TEST_CASE("an_epoch_depends_on_the_seed_and_its_number_alone") {
  const Sampler a(groups_of_size(40, 3), {16, true, 7}), b(groups_of_size(40, 3), {16, true, 7});
  const Sampler other(groups_of_size(40, 3), {16, true, 8});
  CHECK(a.epoch(3) == b.epoch(3));
  CHECK(a.epoch(3) != a.epoch(4));
  CHECK(a.epoch(3) != other.epoch(3));
}

TEST_CASE("batches_meet_any_other_sample_about_equally_often") {
  // Two samples of different groups share a batch of 4 from 12 with probability 3/11 of the rest;
  // unshuffled dealing would leave neighbours' groups together.
  const Sampler sampler(groups_of_size(6, 2), {4, true, 3});
  REQUIRE(sampler.batches() == 3);
  int together[12] = {};
  const int epochs = 4000;
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    const auto order = sampler.epoch(epoch);
    const auto at = std::find(order.begin(), order.end(), 0) - order.begin();
    for (int64_t i = at / 4 * 4; i < at / 4 * 4 + 4; ++i) ++together[order[i]];
  }
  CHECK(together[0] == epochs);
  CHECK(together[6] == 0);  // of the same group
  for (int64_t sample = 1; sample < 12; ++sample) {
    if (sample == 6) continue;
    CHECK(std::abs(together[sample] - epochs * 3 / 10) <= 150);
  }
}

TEST_CASE("groups_may_meet_where_that_is_allowed") {
  const Sampler sampler(groups_of_size(2, 50), {10, false, 0});
  CHECK(sampler.batches() == 10);
  const auto order = sampler.epoch(0);
  CHECK(std::set<int64_t>(order.begin(), order.end()).size() == 100);
}

TEST_CASE("too_few_samples_or_groups_say_what_to_change") {
  CHECK_THROWS_WITH_AS(Sampler(groups_of_size(10, 3), {16, true, 0}),
                       "the training split has 30 samples in 10 groups, too few for a batch of 16 "
                       "from different groups; set train.batch_size times train.accum_freq to at "
                       "most 10, or data.unique_groups to false.",
                       ConfigError);
  CHECK_THROWS_WITH_AS(Sampler(groups_of_size(10, 3), {31, false, 0}),
                       "the training split has 30 samples, fewer than a batch of 31; set "
                       "train.batch_size times train.accum_freq to at most 30.",
                       ConfigError);
  CHECK_THROWS_AS(Sampler({}, {1, true, 0}), ConfigError);
}

TEST_CASE("drawing_with_replacement_follows_the_weights") {
  std::vector<double> weights(20, 1.0);
  for (int i = 0; i < 10; ++i) weights[i] = 3.0;
  const Sampler sampler(groups_of_size(20, 1), {.batch_size = 4,
                                                .unique_groups = false,
                                                .seed = 2,
                                                .resample = true,
                                                .epoch_samples = 40'002,
                                                .weights = weights});
  CHECK(sampler.batches() == 10'000);
  const auto order = sampler.epoch(0);
  REQUIRE(order.size() == 40'000);
  std::vector<int64_t> counts(20);
  for (const int64_t sample : order) ++counts[sample];
  for (int i = 0; i < 20; ++i) CHECK(std::abs(counts[i] - (i < 10 ? 1500 : 500) * 2) <= 200);
  CHECK(sampler.epoch(3) == sampler.epoch(3));
  CHECK(sampler.epoch(3) != sampler.epoch(4));
}

TEST_CASE("drawing_with_replacement_keeps_groups_apart_in_a_batch") {
  std::vector<double> weights(12, 1e-12);
  weights[0] = 1;
  const Sampler sampler(groups_of_size(6, 2), {.batch_size = 6,
                                               .resample = true,
                                               .epoch_samples = 60,
                                               .weights = weights});
  const auto order = sampler.epoch(1);
  for (int64_t batch = 0; batch < 10; ++batch) {
    std::set<int64_t> groups;
    for (int64_t i = 0; i < 6; ++i) groups.insert(sampler.group(order[batch * 6 + i]));
    REQUIRE(groups.size() == 6);
  }
  CHECK_THROWS_AS(Sampler(groups_of_size(6, 2), {.batch_size = 7, .resample = true}), ConfigError);
  CHECK_THROWS_WITH_AS(
      Sampler(groups_of_size(6, 2), {.batch_size = 4, .resample = true, .epoch_samples = 3}),
      "an epoch draws 3 samples, fewer than a batch of 4; set data.train_num_samples to at least "
      "that.",
      ConfigError);
}

TEST_CASE("a_shuffle_buffer_reads_shards_in_random_order_within_its_window") {
  const SamplerOptions options{.batch_size = 1,
                               .seed = 5,
                               .shuffle_buffer = 8,
                               .shards = {0, 100, 200, 300}};
  const Sampler sampler(groups_of_size(400, 1), options);
  std::set<int64_t> first_shards;
  for (int64_t epoch = 0; epoch < 20; ++epoch) {
    const auto order = sampler.epoch(epoch);
    REQUIRE(std::set<int64_t>(order.begin(), order.end()).size() == 400);
    first_shards.insert(order[0] / 100);
    // What comes k-th was read by then: from the first k + 8 samples of the shards' order.
    std::vector<int64_t> shards;
    for (const int64_t sample : order) {
      const int64_t shard = sample / 100;
      if (std::find(shards.begin(), shards.end(), shard) == shards.end()) shards.push_back(shard);
    }
    for (int64_t k = 0; k < 400; ++k) {
      const auto place = std::find(shards.begin(), shards.end(), order[k] / 100) - shards.begin();
      REQUIRE(place * 100 + order[k] % 100 <= k + 8);
    }
    REQUIRE_FALSE(std::is_sorted(order.begin(), order.begin() + 50));
  }
  CHECK(first_shards.size() == 4);
  CHECK(sampler.epoch(3) == sampler.epoch(3));
  CHECK_THROWS_WITH_AS(
      Sampler(groups_of_size(6, 2), {.batch_size = 2, .shuffle_buffer = 4}),
      doctest::Contains("data.shuffle_buffer is 4, which can't keep samples of one group apart"),
      ConfigError);
}
