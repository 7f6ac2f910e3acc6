// Learning-rate schedules, as open_clip and CoOp have them.
#pragma once

#include "train/config/run_config.h"

namespace tandem {

class Schedule {
 public:
  // For a run of `total_steps`, `steps_per_epoch` of them an epoch.
  Schedule(const TrainConfig& config, int64_t steps_per_epoch, int64_t total_steps);

  // The rate of step `step`, counted from 0. Warm-up is lr (step + 1) / warmup, or warmup_lr in
  // the first warmup_epochs w; then
  //   cosine          lr (1 + cos(pi e / s)) / 2 over the remaining s steps
  //   cosine-epochs   lr (1 + cos(pi (e - w) / E)) / 2 in epoch e of E, from 0: CoOp's (Zhou et al.
  //                   2022), whose cosine starts after the constant epochs and does not reach 0
  //   const           lr
  //   const-cooldown  lr, and in the last epochs_cooldown epochs a polynomial to lr_cooldown_end
  double at(int64_t step) const;

 private:
  double cosine(int64_t done, int64_t all) const;

  TrainConfig config_;
  int64_t steps_per_epoch_;
  int64_t steps_;
  int64_t warmup_;  // steps
  int64_t cooldown_start_;
};

}  // namespace tandem
