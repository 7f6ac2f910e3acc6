// A base of tests/train/small_run.h's model, and adapters on it.
#pragma once

#include "tests/train/small_run.h"
#include "train/checkpoint/checkpoint.h"
#include "train/config/read.h"
#include "train/config/reference.h"
#include "train/trainer.h"

namespace tandem::test {

struct SmallBase {
  TemporaryFolder folder;

  SmallBase() {
    write_small_data(folder);
    RunConfig config = small_config(folder);
    config.train.epochs = 1;
    train(config, "base");
  }

  void train(const RunConfig& config, const std::string& name, bool resume = false) const {
    Trainer(config, {.run = folder / name, .resume = resume}).run();
  }

  // A run on the base: the small config with these lines of YAML after it.
  RunConfig config(const std::string& kind, const std::vector<std::string>& more = {}) const {
    RunConfig config = small_config(folder);
    config.adapter.base = folder / "base";
    config.adapter.kind = kind;
    config.train.epochs = 2;
    const std::string path = folder / "adapter.yaml";
    std::ofstream(path) << to_yaml(config);
    return read_run_config(path, more);
  }

  std::string checkpoint(const std::string& run, int64_t step) const {
    return folder / fmt::format("{}/checkpoints/step_{:08}.h5", run, step);
  }
};

}  // namespace tandem::test
