// Which checkpoints a run writes and keeps, and their writing beside the training.
#pragma once

#include "train/checkpoint_retention.h"
#include "train/checkpoint_rule.h"
#include "train/run_output.h"
#include "train/snapshot.h"

#include <future>
#include <memory>
#include <string>

namespace tandem {

// A checkpoint is copied to the host between two steps, and written from there by another thread
// while training goes on; one at a time. Where a write fails (a full disk), the run is told and
// goes on; after `retry_seconds` it is due again, as it is by then. Call from one thread.
class CheckpointKeeper {
 public:
  // `tokenizer` is its JSON. `variables` and `output` must outlive this.
  CheckpointKeeper(const RunConfig& config, const RunFolder& folder, const Variables& variables,
                   std::string tokenizer, RunOutput& output, double retry_seconds = 60);

  // The run goes on from the checkpoint of `step`; its metrics were cut after that.
  void resume_at(int64_t step);

  // After every step: hears of a write that has ended; whether a checkpoint is due here.
  bool due(const RunPosition& position);

  // Hears the lines of the evaluations at a step; whether a checkpoint of it is to be kept as the
  // best and has yet to be saved.
  bool evaluated(int64_t step, std::span<const MetricsRecord> lines);

  // Copies the variables as they are, and has them written; no step may be under way. `epoch` is
  // passes over the data, for the metrics. Once it is written those that need not be kept are
  // deleted, and those after it, which are of steps that a run that went back has yet to make.
  void save(const RunPosition& position, double epoch);

  // Waits until the position's checkpoint is written, which save() begins if it has not. Throws
  // CheckpointError if that fails several times.
  void finish(const RunPosition& position, double epoch);

  // Waits for the write under way, and says if it failed.
  void collect();

 private:
  void write(const KeptSteps& kept, std::shared_ptr<const Checkpoint> copy);
  std::string prune(const KeptSteps& kept, int64_t last) const;
  void tell() const;

  RunConfig config_;
  RunFolder folder_;
  const Variables& variables_;
  std::string tokenizer_;
  RunOutput& output_;
  double retry_seconds_;
  CheckpointRule rule_;
  std::optional<BestMetric> metric_;

  int64_t saved_step_ = -1;               // of the newest checkpoint that is on the disk
  double last_ = 0;                       // when the last one was begun
  std::string failure_;                   // of the last write; empty if it went well
  KeptSteps kept_;                        // the best on the disk; the others of the last save
  std::optional<BestStep> hopeful_;       // the best, once the next write is done
  std::optional<BestStep> writing_best_;  // the best, once the write under way is done
  int64_t writing_step_ = -1;
  int64_t written_ = 0;
  double waited_ = 0;   // seconds that training waited since the last save began
  double stalled_ = 0;  // seconds that training waited, in all and at most
  double longest_stall_ = 0;
  std::future<std::string> writing_;  // gives what went wrong in deleting old ones; last: its
                                      // destructor waits
};

}  // namespace tandem
