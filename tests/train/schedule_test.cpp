#include "train/schedule.h"

#include "core/error.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

TrainConfig config(const char* kind) {
  TrainConfig train;
  train.lr = 2.0;
  train.warmup = 4;
  train.lr_scheduler = kind;
  train.epochs_cooldown = 1;
  return train;
}

}  // namespace

TEST_CASE("warm_up_is_linear_and_cosine_ends_near_zero") {
  const Schedule schedule(config("cosine"), 10, 24);
  CHECK(schedule.at(0) == doctest::Approx(0.5));
  CHECK(schedule.at(3) == doctest::Approx(2.0));
  CHECK(schedule.at(4) == doctest::Approx(2.0));
  CHECK(schedule.at(14) == doctest::Approx(1.0));
  CHECK(schedule.at(24) == doctest::Approx(0.0));
}

TEST_CASE("a_constant_rate_cools_down_in_the_last_epochs") {
  CHECK(Schedule(config("const"), 10, 24).at(23) == doctest::Approx(2.0));
  const Schedule cooled(config("const-cooldown"), 10, 24);
  CHECK(cooled.at(13) == doctest::Approx(2.0));
  CHECK(cooled.at(19) == doctest::Approx(1.0));
  CHECK(cooled.at(24) == doctest::Approx(0.0));
}

TEST_CASE("an_unknown_schedule_is_refused") {
  CHECK_THROWS_AS(Schedule(config("linear"), 10, 24), ConfigError);
}
