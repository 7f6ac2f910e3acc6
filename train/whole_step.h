// A training step as one program.
#pragma once

#include "train/step_programs.h"

namespace tandem {

class WholeStep final : public StepPrograms {
 public:
  WholeStep(const ClipConfig& model, const TrainConfig& train, Variables& variables,
            const StepOptions& options);

  uint64_t run(const PairArrays& batch, const StepNumbers& numbers) override;
  std::vector<KernelTime> profile(const PairArrays& batch, const StepNumbers& numbers) override;
  std::optional<NonFinite> find_nonfinite(const PairArrays& batch,
                                          const StepNumbers& numbers) override;
  MemoryReport memory() const override { return program_->memory(); }
  size_t kernels() const override { return program_->kernels(); }
  const Program& last() const override { return *program_; }
  const std::map<std::string, size_t>& named() const override { return named_; }

 private:
  ClipConfig model_;
  TrainConfig train_;
  StepOptions options_;
  Variables& variables_;
  std::map<std::string, size_t> named_;
  std::unique_ptr<Program> program_;
};

}  // namespace tandem
