// Runs one training from a config, in a folder of its own.
#pragma once

#include "core/device.h"
#include "train/config/run_config.h"
#include "train/run_folder.h"

#include <functional>
#include <memory>

namespace tandem {

struct TrainOptions {
  std::string run;       // folder; empty: runs/<name>
  bool resume = false;   // go on from the newest checkpoint that verifies
  bool allow_config_change = false;  // resume although what is trained has changed
  DeviceOptions device;  // the device itself is the config's
  std::function<std::unique_ptr<Device>()> open;  // opens another in place of the config's
  uint64_t device_memory = 0;  // the most to take of it, in bytes; 0: what is free
  int64_t profile_steps = 0;   // steps to look at closely once the first are done
  std::string profile_file;    // gets their trace; empty: profile.json in the run's folder
};

class Trainer {
 public:
  // Opens everything: the run's folder and lock, the data, the device, and the compiled step; says
  // what it has, the planned memory among it. Throws ConfigError, DataError, DeviceError
  // (OutOfMemoryError before anything large is allocated, if it would not fit), CheckpointError.
  Trainer(const RunConfig& config, const TrainOptions& options);
  ~Trainer();

  // Trains to the end, or to a signal to stop; saves, evaluates and writes the report. A device
  // that is lost is opened again once, and the run goes on from its newest checkpoint. Throws Error
  // where the loss or a gradient is not finite and the config says stop.
  void run();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace tandem
