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

// torch 1.13's CosineAnnealingLR over 5 epochs, stepped from the second epoch on as CoOp's code does
// after its first epoch at 1e-5.
TEST_CASE("coops_schedule_is_a_constant_epoch_and_a_cosine_of_epochs") {
  TrainConfig coop = config("cosine-epochs");
  coop.lr = 0.002;
  coop.warmup_epochs = 1;
  const Schedule schedule(coop, 10, 50);
  for (const int64_t step : {0, 9}) CHECK(schedule.at(step) == 1e-5);
  const double later[] = {0.002, 0.0018090169943749475, 0.0013090169943749475,
                          0.0006909830056250527};
  for (int64_t epoch = 1; epoch < 5; ++epoch) {
    const doctest::Approx expected = doctest::Approx(later[epoch - 1]).epsilon(1e-12);
    for (const int64_t step : {0, 9}) CHECK(schedule.at(10 * epoch + step) == expected);
  }
}

TEST_CASE("constant_epochs_come_before_any_schedule") {
  TrainConfig late = config("cosine");
  late.warmup_epochs = 1;
  const Schedule schedule(late, 10, 30);
  CHECK(schedule.at(9) == 1e-5);
  CHECK(schedule.at(10) == doctest::Approx(2.0));
  CHECK(schedule.at(20) == doctest::Approx(1.0));
}

TEST_CASE("an_unknown_schedule_is_refused") {
  CHECK_THROWS_AS(Schedule(config("linear"), 10, 24), ConfigError);
}
