// Which of a run's checkpoints are kept, as train.keep_last, keep_every, keep_best and on_nonfinite
// say.
#pragma once

#include "train/best_metric.h"
#include "train/checkpoint/checkpoint.h"
#include "train/config/run_config.h"
#include "train/run_folder.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tandem {

struct KeptSteps {
  std::optional<BestStep> best;
  int64_t back = 0;    // where a run that rolls back would go to,
  int64_t before = 0;  // and where if that fails at once
};

// The best of the checkpoints that are there and verify, by what the run's metrics say. Throws
// DataError for metrics that can't be read.
std::optional<BestStep> best_checkpoint(const RunFolder& folder, const BestMetric& metric);

// Where the run of a checkpoint would go back to.
KeptSteps steps_to_go_back_to(const Checkpoint& checkpoint);

// Deletes the others, and any after the step `last`. Returns the paths deleted. Throws
// CheckpointError where one can't be deleted.
std::vector<std::string> prune_run(const RunFolder& folder, const TrainConfig& train,
                                   const KeptSteps& kept,
                                   std::optional<int64_t> last = std::nullopt);

}  // namespace tandem
