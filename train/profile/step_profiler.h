// Looks at a few steps of a training: what the host, the loader's threads and the device do when.
// Each kernel stands alone in them; as many steps after them run as they always do, and show how far
// the host is ahead of the device.
#pragma once

#include "train/profile/op_times.h"
#include "train/profile/trace.h"
#include "train/run_output.h"
#include "train/train_step.h"

#include <array>
#include <atomic>
#include <filesystem>

namespace tandem {

struct ProfileOptions {
  int64_t steps = 0;            // 0: none
  int64_t warmup = 3;           // steps before, which are slower than others; 1 at least
  std::filesystem::path file;   // of the trace
};

// The steps that are looked at give the bits that they would give otherwise.
class StepProfiler {
 public:
  // `output` must outlive the profiler.
  StepProfiler(ProfileOptions options, RunOutput& output);

  // Runs the next step of a run of `config` on `device`. Returns the step's ticket.
  uint64_t run(TrainStep& step, const RunConfig& config, const DeviceInfo& device,
               const PairArrays& batch, const StepSettings& settings);

  // Waits for a step that run() gave a ticket; after the last one that is wanted writes the trace
  // and says the table.
  StepResult result(TrainStep& step, uint64_t ticket);

  // Calls body(), and shows it in the host's lane where it is in time.
  template <class Body>
  void host(const char* name, Body&& body) {
    const double begin = seconds_now();
    body();
    if (watching_) trace_.add("host", {name, begin, seconds_now()});
  }

  // A batch that one of the loader's threads made. Thread-safe.
  void loader(int64_t worker, int64_t batch, double begin, double end);

  // The device was lost, and with it what was under way: looks at no more steps.
  void give_up() {
    options_.steps = 0;
    watching_ = false;
  }

  // The training has ended: says so if it was too short for what was wanted.
  void finish();

 private:
  // A step that is under way, and when the host began to start it.
  struct Started {
    uint64_t ticket = 0;
    double begin = 0;
  };

  // The steps that are looked at and those that show the host: numbers from 0 on.
  int64_t first_alone() const { return options_.warmup + options_.steps; }
  int64_t all() const { return options_.warmup + 2 * options_.steps; }
  void look_at(TrainStep& step, const PairArrays& batch, const StepSettings& settings);
  void ended(uint64_t ticket, double end);
  void add_kernels(const std::vector<KernelTime>& times, const std::vector<double>& starts);
  void write();

  ProfileOptions options_;
  RunOutput& output_;
  std::atomic<bool> watching_{false};
  int64_t steps_ = 0;   // run so far
  uint64_t ticket_ = 0;  // of the last
  std::vector<NodeCost> costs_;
  double begin_ = 0;   // of the first that is looked at
  double looked_at_ = 0;  // seconds of those that are
  std::array<Started, 2> started_;  // by their tickets' last bit
  uint64_t last_ = 0;  // the ticket of the last that is wanted
  double ahead_ = 0;   // seconds by which steps were started before the ones before them had ended
  int64_t ended_ = 0;  // steps of which that is known
  OpTimes ops_;
  Trace trace_;
};

}  // namespace tandem
