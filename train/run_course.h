// The batches that a run goes through, how many they are, and their learning rates.
#pragma once

#include "train/data/loader.h"
#include "train/profile/step_profiler.h"
#include "train/run_data.h"
#include "train/run_output.h"
#include "train/schedule.h"
#include "train/snapshot.h"

#include <memory>

namespace tandem {

class RunCourse {
 public:
  // Begins where the run stands. Where the config may have changed, epochs may have become shorter
  // than the position is into one: then that is moved to the next. What is passed must outlive
  // this, the position aside. Throws ConfigError, DataError.
  RunCourse(const RunConfig& config, const RunData& data, RunOutput& output,
            StepProfiler& profiler, RunPosition& position, bool config_may_differ);

  Loader& loader() { return *loader_; }

  // Of the whole run, from its first step on.
  int64_t steps() const { return steps_; }
  int64_t steps_per_epoch() const { return steps_per_epoch_; }
  int64_t epochs() const { return (steps_ + steps_per_epoch_ - 1) / steps_per_epoch_; }

  // Passes over the data that so many steps are.
  double passes(int64_t step) const {
    return static_cast<double>(step) / static_cast<double>(steps_per_epoch_);
  }

  double lr(int64_t step) const { return schedule_.at(step); }

  // Sets the place in the data to that after the last batch taken, with its bad samples. Steps do
  // not tell it where a changed config made epochs shorter.
  void follow(RunPosition& position) const;

 private:
  std::unique_ptr<Loader> loader_;
  int64_t steps_per_epoch_;
  int64_t steps_;
  Schedule schedule_;
};

}  // namespace tandem
