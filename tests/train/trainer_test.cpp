#include "train/trainer.h"

#include "core/error.h"
#include "tests/devices.h"
#include "tests/train/small_run.h"
#include "train/checkpoint/checkpoint.h"
#include "train/report/metrics_log.h"

#include <cmath>
#include <doctest/doctest.h>

using namespace tandem;

namespace {

struct Result {
  std::vector<double> losses;
  std::vector<NamedTensor> model, optimizer;
};

Result result_of(const std::filesystem::path& run) {
  Result result;
  for (const MetricsRecord& record : read_metrics(run / "metrics.jsonl")) {
    if (record.kind == "train") result.losses.push_back(*record.find("loss"));
  }
  const Checkpoint last = read_checkpoint(run / "checkpoints" / "step_00000012.h5");
  result.model = last.model;
  result.optimizer = last.optimizer;
  return result;
}

Result train(const test::TemporaryFolder& folder, RunConfig config, const std::string& name) {
  TrainOptions options;
  options.run = folder / name;
  Trainer(config, options).run();
  return result_of(folder.path() / name);
}

}  // namespace

TEST_CASE("a_run_leaves_its_files_and_learns") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  const Result result = train(folder, test::small_config(folder), "run");
  REQUIRE(result.losses.size() == 12);
  CHECK(result.losses.back() < result.losses.front());
  for (const char* file : {"config.yaml", "log.txt", "metrics.jsonl", "report.html"}) {
    CHECK(std::filesystem::exists(folder.path() / "run" / file));
  }
}

TEST_CASE("the_same_config_twice_gives_the_same_bits_for_any_number_of_threads") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  RunConfig config = test::small_config(folder);
  const Result a = train(folder, config, "a");
  config.data.workers = 1;
  TrainOptions options{.run = folder / "b", .device = {.threads = 3}};
  Trainer(config, options).run();
  const Result b = result_of(folder.path() / "b");
  CHECK(a.losses == b.losses);
  CHECK(a.model == b.model);
}

TEST_CASE("resume_continues_with_the_same_bits_in_every_precision") {
  for (const char* precision : {"fp32", "bf16", "fp16"}) {
    CAPTURE(precision);
    const test::TemporaryFolder folder;
    test::write_small_data(folder);
    RunConfig config = test::small_config(folder);
    config.precision = precision;
    config.train.grad_scaler = {.init_scale = 1e9, .backoff_factor = 0.125, .growth_interval = 3};
    config.model.vision_cfg.patch_dropout = 0.5;
    const Result unbroken = train(folder, config, "unbroken");
    TrainOptions options{.run = folder / "broken"};
    config.train.checkpoint_every = fmt::to_string(4);
    config.train.keep_last = 10;
    Trainer(config, options).run();
    for (const char* late : {"step_00000008.h5", "step_00000012.h5"}) {
      std::filesystem::remove(folder.path() / "broken" / "checkpoints" / late);
    }
    options.resume = true;
    Trainer(config, options).run();
    const Result resumed = result_of(folder.path() / "broken");
    CHECK(resumed.losses == unbroken.losses);
    CHECK(resumed.model == unbroken.model);
    CHECK(resumed.optimizer == unbroken.optimizer);
  }
}

TEST_CASE("a_folder_with_a_run_in_it_is_not_written_over") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  const RunConfig config = test::small_config(folder);
  train(folder, config, "run");
  CHECK_THROWS_AS(Trainer(config, {.run = folder / "run"}), ConfigError);
}

TEST_CASE("every_device_trains_to_the_same_losses") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  RunConfig config = test::small_config(folder);
  config.model.vision_cfg.patch_dropout = 0.25;
  const Result cpu = train(folder, config, "cpu");
  for (const NamedDevice& named : vulkan_devices()) {
    config.device = named.name;
    const Result other = train(folder, config, fmt::format("on_{}", named.device->info().index));
    REQUIRE(other.losses.size() == cpu.losses.size());
    for (size_t i = 0; i < cpu.losses.size(); ++i) {
      INFO(named.device->info().name, " step ", i + 1, ": ", other.losses[i], " and ",
           cpu.losses[i]);
      CHECK(std::fabs(other.losses[i] - cpu.losses[i]) <= 1e-3 * cpu.losses[i]);
    }
  }
}
