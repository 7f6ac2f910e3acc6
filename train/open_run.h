// A run that was opened: what it has, where it stands, and how it goes back to a checkpoint.
#pragma once

#include "train/lock.h"
#include "train/profile/step_profiler.h"
#include "train/resume.h"
#include "train/run_course.h"
#include "train/run_data.h"
#include "train/run_on_device.h"
#include "train/signals.h"
#include "train/trainer.h"

#include <optional>
#include <string>

namespace tandem {

struct OpenRun {
  // Throws and says what Trainer does.
  OpenRun(const RunConfig& config, const TrainOptions& options);

  // To the checkpoint next.tried, which was due, not to one that was saved when the run was
  // stopped: a run that is stopped at any time and resumed fails in the same step and goes back in
  // the same way. The data from the checkpoint's position to `next` are not used again.
  void roll_back(const RunPosition& next);

  // The device was lost: opens it again, once, and goes back to the newest checkpoint. Throws
  // DeviceError the second time.
  void open_again(const std::string& why);

  double passes() const { return course->passes(position.step); }
  bool at_the_end() const { return position.step >= course->steps(); }
  bool evaluation_due() const;

  const StopSignals signals;  // before all that takes time
  RunConfig config;
  TrainOptions options;
  RunFolder folder;
  RunLock lock;
  RunOutput output;
  StepProfiler profiler;
  std::optional<RunData> data;
  std::optional<RunOnDevice> on_device;
  std::optional<RunCourse> course;
  RunPosition position;
  bool resumed_here = false;  // position is a checkpoint's, where a signal may have stopped the run

 private:
  std::unique_ptr<Device> open() const;
  void restore(const Resumed& resumed);
  void start_from(const std::optional<Resumed>& checkpoint);
  void open_loader();

  int64_t rows_ = 0;  // what the data are known by
  bool was_lost_ = false;
};

}  // namespace tandem
