// What a training step will need, from its config alone: nothing is allocated and no device is
// opened.
#pragma once

#include "autograd/cost.h"
#include "autograd/memory_report.h"
#include "train/config/run_config.h"

namespace tandem {

struct StepPlan {
  MemoryReport memory;               // the same as the compiled step reports
  size_t evaluation_bytes = 0;       // activations of the encoders, where the run evaluates
  std::vector<LargeTensor> largest;  // at the step's peak
  std::vector<NodeCost> costs;       // of the step's kernels, in order
  int64_t parameters = 0;            // numbers that are trained
  Plan plan;                         // placed; where there are several, of the largest program

  // All that the run holds on its device at a time.
  size_t peak() const { return memory.peak() + evaluation_bytes; }
};

// The device is as list_devices() or Device::info() describes it. Throws ShapeError.
StepPlan plan_step(const RunConfig& config, const DeviceInfo& device);

// "128", or "32 x 4" where gradients are accumulated.
std::string batch_text(const TrainConfig& train);

// The largest train.batch_size whose peak is at most `bytes`; 0 if there is none.
int64_t largest_batch(RunConfig config, const DeviceInfo& device, uint64_t bytes);

}  // namespace tandem
