// Learning-rate schedules, as open_clip has them.
#pragma once

#include "train/config/run_config.h"

namespace tandem {

class Schedule {
 public:
  // For a run of `total_steps`, `steps_per_epoch` of them an epoch.
  Schedule(const TrainConfig& config, int64_t steps_per_epoch, int64_t total_steps);

  // The rate of step `step`, counted from 0. Warm-up is lr (step + 1) / warmup; then
  //   cosine          lr (1 + cos(pi e / s)) / 2 over the remaining s steps
  //   const           lr
  //   const-cooldown  lr, and in the last epochs_cooldown epochs a polynomial to lr_cooldown_end
  double at(int64_t step) const;

 private:
  TrainConfig config_;
  int64_t steps_;
  int64_t cooldown_start_;
};

}  // namespace tandem
