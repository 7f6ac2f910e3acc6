// What a run does about steps whose loss or gradient norm is not finite. Such a step has changed
// no parameter and no moment (autograd/ops/optimizer.h).
#pragma once

#include "train/run_output.h"
#include "train/snapshot.h"
#include "train/train_step.h"

namespace tandem {

// A step that was started.
struct StartedStep {
  uint64_t ticket = 0;
  StepSettings settings;
  const PairArrays* batch = nullptr;
};

// Thrown to go back to the checkpoint of step next.tried, and on from there with the batch at
// `next`.
struct RollBack {
  RunPosition next;
};

class NonFiniteSteps {
 public:
  static constexpr int64_t most_skipped = 10;   // in a row
  static constexpr int64_t most_rollbacks = 5;  // of a run

  // Both must outlive this.
  NonFiniteSteps(const TrainConfig& train, RunOutput& output) : train_(train), output_(output) {}

  static bool is_one(const StepResult& result);

  // Whether gradients overflowed by their loss scale alone, which then backs off. Steps after any
  // other one are held back (TrainStep::run).
  static bool overflows(const StepResult& result);

  // The step has led to `position`, and parameters are those it had: says so, with what made it,
  // and counts it there. Throws Error where the run is to stop, RollBack where it is to go back: to
  // the newest checkpoint that was due, or to the one before where that has led to no finite step.
  void handle(const TrainStep& step, const StartedStep& failed, const StepResult& result,
              RunPosition& position);

 private:
  const TrainConfig& train_;
  RunOutput& output_;
};

}  // namespace tandem
