// What metrics.jsonl keeps of a training step.
#pragma once

#include "train/progress.h"
#include "train/report/metrics_log.h"
#include "train/train_step.h"

namespace tandem {

// Loss, rates and speeds; where it stands in the run is left to the caller.
MetricsRecord step_record(const StepResult& result, const StepSettings& settings,
                          const Progress& progress, const RunConfig& config);

}  // namespace tandem
