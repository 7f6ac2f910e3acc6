#include "train/step_programs.h"

#include "train/accumulation/accumulated_step.h"
#include "train/whole_step.h"

namespace tandem {

std::unique_ptr<StepPrograms> make_step_programs(const ClipConfig& model, const TrainConfig& train,
                                                 Variables& variables, const StepOptions& options) {
  if (train.accum_freq == 1) return std::make_unique<WholeStep>(model, train, variables, options);
  return std::make_unique<AccumulatedStep>(model, train, variables, options);
}

CompileOptions compile_options(const TrainConfig& train, const StepOptions& options) {
  return {.recompute_blocks = train.grad_checkpointing, .precision = options.precision};
}

}  // namespace tandem
