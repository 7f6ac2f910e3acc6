// Which checkpoints a run writes and keeps.
#pragma once

#include "train/run_output.h"
#include "train/snapshot.h"

#include <string>

namespace tandem {

class CheckpointKeeper {
 public:
  // `tokenizer` is its JSON. `variables` and `output` must outlive this.
  CheckpointKeeper(const RunConfig& config, const RunFolder& folder, const Variables& variables,
                   std::string tokenizer, RunOutput& output);

  // Whether a checkpoint is due at the position, where an epoch ends if `batch` is 0.
  bool due(const RunPosition& position) const;

  // Writes the variables as they are; no step may be under way. Throws CheckpointError.
  void save(const RunPosition& position);

  // The step of the newest checkpoint; -1 without one.
  int64_t saved_step() const { return saved_step_; }
  void resume_at(int64_t step) { saved_step_ = step; }

 private:
  RunConfig config_;
  RunFolder folder_;
  const Variables& variables_;
  std::string tokenizer_;
  RunOutput& output_;
  int64_t saved_step_ = -1;
};

}  // namespace tandem
