// One step of training: both towers, the loss, its gradients and the optimizer, in one go or over
// micro-batches.
#pragma once

#include "train/step_programs.h"

namespace tandem {

// What the optimizer is told for one step; t counts from 1.
struct StepSettings {
  double lr = 0;
  int64_t t = 1;
  uint64_t seed = 0;  // of dropout
};

struct StepResult {
  double loss = 0;
  double gradient_norm = 0;  // before clipping, without the loss scale
  double logit_scale = 0;    // after the step, as a factor (exp of the parameter)
  double loss_scale = 1;     // fp16: of this step, which was skipped if the norm is not finite
};

class TrainStep {
 public:
  // Compiles for steps of train.accum_freq micro-batches of `batch_size` on the variables' device.
  TrainStep(const ClipConfig& model, const TrainConfig& train, int64_t batch_size,
            Variables& variables, const StepOptions& options = {});

  // Starts one step on a batch of all its pairs; returns its ticket. After a step whose loss was
  // not finite, or whose gradients were not at a loss scale of 1, steps change nothing until
  // `go_on`.
  uint64_t run(const PairArrays& batch, const StepSettings& settings);

  // Waits for the steps under way; the next ones change parameters again.
  void go_on();

  // Waits for a step; only the last two tickets.
  StepResult result(uint64_t ticket) const;

  // A fetch by name: "grad.<parameter>", and of a step in one go "image_features",
  // "text_features", "logits".
  std::vector<float> fetch(uint64_t ticket, const std::string& name) const;

  MemoryReport memory() const { return programs_->memory(); }
  size_t kernels() const { return programs_->kernels(); }  // that a step runs

  // Runs a step again without its update, and finds what first was not finite. Compiles programs
  // for it; throws as Program does.
  std::optional<NonFinite> find_nonfinite(const PairArrays& batch,
                                          const StepSettings& settings) const;

  // One step with a time for every kernel, in order; empty where the device can't measure.
  std::vector<KernelTime> profile(const PairArrays& batch, const StepSettings& settings);

 private:
  StepNumbers numbers(const StepSettings& settings) const;

  TrainConfig train_;
  bool drops_out_;
  Variables& variables_;
  std::unique_ptr<StepPrograms> programs_;
};

}  // namespace tandem
