// What computes training steps on a device: one program for all of a step (WholeStep), or several
// that go over it in micro-batches (AccumulatedStep).
#pragma once

#include "autograd/nonfinite.h"
#include "train/pair_arrays.h"
#include "train/step_parts.h"

namespace tandem {

class StepPrograms {
 public:
  virtual ~StepPrograms() = default;

  // See TrainStep for what these do.
  virtual uint64_t run(const PairArrays& batch, const StepNumbers& numbers) = 0;
  virtual std::vector<KernelTime> profile(const PairArrays& batch, const StepNumbers& numbers) = 0;
  virtual std::optional<NonFinite> find_nonfinite(const PairArrays& batch,
                                                  const StepNumbers& numbers) = 0;
  virtual MemoryReport memory() const = 0;
  virtual size_t kernels() const = 0;

  // The program that ends a step, whose tickets are the step's, and what can be fetched of it by
  // name. Its first fetches are the loss, the gradient norm and logit_scale.
  virtual const Program& last() const = 0;
  virtual const std::map<std::string, size_t>& named() const = 0;
};

// Steps of train.step_pairs() pairs on the variables' device. The variables must outlive them.
std::unique_ptr<StepPrograms> make_step_programs(const ClipConfig& model, const TrainConfig& train,
                                                 Variables& variables, const StepOptions& options);

CompileOptions compile_options(const TrainConfig& train, const StepOptions& options);

}  // namespace tandem
