#include "train/nonfinite_steps.h"

#include "core/device_lost.h"

#include <cmath>

namespace tandem {

namespace {

// What a second run of the same batch says.
std::string cause(const TrainStep& step, const StartedStep& failed) {
  try {
    const auto found = step.find_nonfinite(*failed.batch, failed.settings);
    return found ? found->str() : "its batch, run again, gave finite values alone";
  } catch (const DeviceLostError&) {
    throw;
  } catch (const DeviceError& error) {
    return fmt::format("what made it can't be found: {}", error.what());
  }
}

std::string symptom(const StepResult& result) {
  if (!std::isfinite(result.loss)) {
    return fmt::format("the loss is {}", name_of_nonfinite(result.loss));
  }
  return fmt::format("the gradient norm is {}", name_of_nonfinite(result.gradient_norm));
}

}  // namespace

bool NonFiniteSteps::is_one(const StepResult& result) {
  return !std::isfinite(result.loss) || !std::isfinite(result.gradient_norm);
}

// Loss scaling finds its scale by gradients that overflow; but at 1 they do so by themselves.
bool NonFiniteSteps::overflows(const StepResult& result) {
  return is_one(result) && std::isfinite(result.loss) && result.loss_scale > 1;
}

void NonFiniteSteps::handle(const TrainStep& step, const StartedStep& failed,
                            const StepResult& result, RunPosition& position) {
  if (overflows(result)) {
    return output_.say(fmt::format("step {}: gradients overflow at a loss scale of {:.6g}; skipped",
                                   position.step, result.loss_scale));
  }
  const std::string text =
      fmt::format("step {}: {}; {}", position.step, symptom(result), cause(step, failed));
  ++position.skipped_in_row;
  if (train_.on_nonfinite == "skip" && position.skipped_in_row < most_skipped) {
    ++position.skipped;
    return output_.say(fmt::format("{}; the step is skipped, {} so far.", text, position.skipped));
  }
  output_.finish();
  if (train_.on_nonfinite == "rollback" && position.rollbacks < most_rollbacks) {
    ++position.rollbacks;
    const bool failed_at_once =
        position.tried == position.back && position.step == position.back + 1;
    position.tried = failed_at_once ? position.before : position.back;
    output_.say(fmt::format("{}; going back to step {} ({} of {} times).", text, position.tried,
                            position.rollbacks, most_rollbacks));
    throw RollBack{position};
  }
  if (train_.on_nonfinite == "skip") {
    fail<Error>(
        "{}; it is the {}th such step in a row, and the run stops. No checkpoint has anything of "
        "it; try a lower train.lr or train.grad_clip_norm: 1.",
        text, most_skipped);
  }
  if (train_.on_nonfinite == "rollback") {
    fail<Error>(
        "{}; the run has gone back {} times, and stops. No checkpoint has anything of it; try a "
        "lower train.lr or train.grad_clip_norm: 1.",
        text, most_rollbacks);
  }
  fail<Error>(
      "{}; the run stops, and no checkpoint has anything of it: try a lower train.lr, "
      "train.grad_clip_norm: 1, or train.on_nonfinite: skip or rollback.",
      text);
}

}  // namespace tandem
