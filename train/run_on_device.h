// What a run has on its device; all of it is made anew where the device was lost.
#pragma once

#include "train/checkpoint_keeper.h"
#include "train/run_evaluations.h"
#include "train/train_step.h"

#include <memory>

namespace tandem {

struct RunOnDevice {
  // Compiles the step, and sets every variable by its initializer and the config's seed. The
  // others must outlive this. Throws ConfigError, DataError, DeviceError.
  RunOnDevice(const RunConfig& config, const RunFolder& folder, std::unique_ptr<Device> opened,
              const RunData& data, RunOutput& output);

  // Sets every variable as a run begins: by its initializer and the config's seed, then the base's
  // values, where there is a base, and contexts that start from words.
  void start(const RunConfig& config, const RunData& data);

  int64_t parameters() const;  // numbers in them

  // The device, the model and the planned memory.
  void announce(RunOutput& output) const;

  std::unique_ptr<Device> device;
  Variables variables;
  RunEvaluations evaluations;
  CheckpointKeeper keeper;
  TrainStep step;
};

}  // namespace tandem
