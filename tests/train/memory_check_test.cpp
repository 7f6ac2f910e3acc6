#include "tests/train/contains.h"
#include "train/memory_check.h"

#include "core/device.h"
#include "tests/devices.h"
#include "tests/train/small_run.h"
#include "train/precision.h"
#include "train/step_plan.h"
#include "train/train_step.h"
#include "train/trainer.h"

#include <doctest/doctest.h>

using namespace tandem;
using tandem::test::contains;

namespace {

RunConfig without_data() {
  RunConfig config = test::small_config(test::TemporaryFolder());
  config.train.batch_size = 64;
  return config;
}

DeviceInfo small_gpu() {
  DeviceInfo device;
  device.backend = "vulkan";
  device.kind = "discrete";
  device.name = "a small GPU";
  return device;
}

std::string message_of_check(const RunConfig& config, uint64_t free) {
  try {
    check_memory(config, small_gpu(), free);
  } catch (const OutOfMemoryError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the_planned_peak_of_a_step_is_what_the_compiled_step_reports_on_every_device") {
  for (const auto& [checkpointing, precision] :
       {std::pair(false, "fp32"), std::pair(true, "fp32"), std::pair(false, "bf16"),
        std::pair(true, "fp16")}) {
    CAPTURE(precision);
    for_each_test_device([&, checkpointing = checkpointing, precision = precision](Device& device) {
      RunConfig config = without_data();
      config.train.batch_size = 5;
      config.train.grad_checkpointing = checkpointing;
      config.precision = precision;
      Variables variables(device);
      const TrainStep step(config.model, config.train, 5, variables,
                           {.precision = precision_named(precision)});
      CHECK(plan_step(config, device.info()).memory == step.memory());
    });
  }
}

TEST_CASE("the_largest_batch_fits_and_one_more_does_not") {
  RunConfig config = without_data();
  const uint64_t bytes = plan_step(config, small_gpu()).peak();
  const int64_t batch = largest_batch(config, small_gpu(), bytes);
  CHECK(batch >= 64);
  config.train.batch_size = batch;
  CHECK(plan_step(config, small_gpu()).peak() <= bytes);
  config.train.batch_size = batch + 1;
  CHECK(plan_step(config, small_gpu()).peak() > bytes);
  CHECK(largest_batch(config, small_gpu(), 1000) == 0);
}

TEST_CASE("a_run_that_fits_passes_and_so_does_one_where_free_memory_is_not_known") {
  const RunConfig config = without_data();
  const size_t peak = plan_step(config, small_gpu()).peak();
  CHECK_NOTHROW(check_memory(config, small_gpu(), peak));
  CHECK_NOTHROW(check_memory(config, small_gpu(), 0));
  CHECK_THROWS_AS(check_memory(config, small_gpu(), peak - 1), OutOfMemoryError);
}

TEST_CASE("a_run_that_does_not_fit_is_told_what_would") {
  RunConfig config = without_data();
  const uint64_t free = plan_step(config, small_gpu()).peak() * 9 / 10;
  const std::string said = message_of_check(config, free);
  CAPTURE(said);
  const int64_t batch = largest_batch(config, small_gpu(), free);
  CHECK(contains(said, "a small GPU has"));
  CHECK(contains(said, fmt::format("set train.batch_size={}", batch)));
  CHECK(contains(said, "--set train.grad_checkpointing=true"));
  CHECK(contains(said, "the largest tensors"));
  CHECK(contains(said, "adamw.m"));
  config.train.batch_size = batch;
  CHECK_NOTHROW(check_memory(config, small_gpu(), free));
}

TEST_CASE("a_run_that_no_batch_makes_fit_is_told_so") {
  CHECK(contains(message_of_check(without_data(), 5000), "even one pair"));
}

TEST_CASE("memory_that_runs_out_later_is_told_in_the_same_way") {
  const RunConfig config = without_data();
  const auto message = [&](const auto& body) -> std::string {
    try {
      telling_out_of_memory(config, small_gpu(), body);
    } catch (const OutOfMemoryError& error) {
      return error.what();
    }
    return "";
  };
  for (const std::string& said :
       {message([] { throw std::bad_alloc(); }),
        message([] { open_device("cpu")->allocate(size_t{1} << 60, "a test"); })}) {
    CAPTURE(said);
    CHECK(contains(said, "planned peak"));
    CHECK(contains(said, "the largest tensors"));
  }
}

TEST_CASE("training_with_little_device_memory_stops_before_it_begins") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  const TrainOptions options{.run = folder / "run", .device_memory = 100'000};
  CHECK_THROWS_AS(Trainer(test::small_config(folder), options), OutOfMemoryError);
}
