// What a run says while it goes: the screen, log.txt, metrics.jsonl and TensorBoard's files.
#pragma once

#include "train/progress.h"
#include "train/report/metrics_log.h"
#include "train/report/tensorboard.h"
#include "train/run_folder.h"

#include <optional>
#include <string>

namespace tandem {

// Seconds of a clock that only goes forward.
double seconds_now();

class RunOutput {
 public:
  // Opens log.txt and metrics.jsonl for appending. Throws DataError.
  explicit RunOutput(const RunFolder& folder);

  // Forgets metrics of later steps; before start(), where a run begins or is resumed.
  void resume_at(int64_t step);

  // Whether there are metrics of an evaluation at a step.
  bool was_evaluated(int64_t step) const;

  // Forgets the evaluations at the last step, which are to be made again.
  void drop_evaluations(int64_t step);

  // The first step is about to begin, or the first after going back.
  void start(ProgressOptions options);

  // A line of news on the screen and in the log.
  void say(const std::string& text);

  // A line in the log alone.
  void log(const std::string& text) { log_.write(text); }

  // After a step: moves the progress line on.
  void step(const ProgressStep& step) { progress_->step(step, seconds_now()); }

  // One line of metrics.jsonl, and its values to TensorBoard under tag + name. Where they can't be
  // written (a full disk), says so once and goes on: a run is worth more than its log.
  void record(const MetricsRecord& line, const std::string& tag);

  // Seconds that were not training, left out of the rate.
  void skip(double seconds) { progress_->skip(seconds); }

  void finish() { progress_->finish(); }
  const Progress& progress() const { return *progress_; }

 private:
  RunFolder folder_;
  LogFile log_;
  MetricsLog metrics_;
  std::optional<TensorBoardWriter> events_;
  std::optional<Progress> progress_;
  std::optional<int64_t> resumed_;  // at this step
  bool unrecorded_ = false;  // the last line could not be written
};

}  // namespace tandem
