// Batches for training, made ahead by threads, in an order that does not depend on them.
#pragma once

#include "train/data/batch_maker.h"

#include <condition_variable>
#include <exception>
#include <set>
#include <thread>

namespace tandem {

// Where a run is in its data; resuming there gives the batches that would have come.
struct Position {
  int64_t epoch = 0;
  int64_t index = 0;  // the next batch of the epoch; batches_per_epoch() means the next epoch's 0
};

// One thread owns a loader and calls next().
class Loader {
 public:
  // Starts options.data.workers threads, which make batches from `start` on, for ever.
  // rows: those of the training split. Throws ConfigError and DataError as BatchMaker does,
  // and DataError where a thread can't be started.
  Loader(std::vector<TableRow> rows, LoaderOptions options, Position start = {});
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The next batch, swapped into `batch`, whose memory is used again. Throws DataError once more
  // than max_bad_samples different pictures could not be read; a call after an error throws it
  // again.
  void next(Batch& batch);
  Batch next();

  int64_t batches_per_epoch() const { return maker_.sampler().batches(); }
  int64_t context_length() const { return maker_.tokens().context_length(); }
  Position position() const;                             // of the batch that next() gives
  double wait_seconds() const { return wait_seconds_; }  // time that next() has waited, in all
  const std::set<int64_t>& bad_samples() const { return bad_; }  // so far

 private:
  struct Slot {
    Batch batch;
    std::vector<BadSample> bad;
    std::exception_ptr error;
    bool ready = false;
  };

  void work(int64_t thread);
  void fill(Slot& slot, int64_t sequence, AugmentScratch& scratch);
  void count_bad(const Slot& slot);
  void shut_down();
  Position position_of(int64_t sequence) const;

  int64_t max_bad_samples_;
  std::function<void(const std::string&)> warn_;
  std::function<void(int64_t, int64_t, double)> made_;
  BatchMaker maker_;
  int64_t start_;          // batches before the first
  int64_t delivered_ = 0;  // batches that next() gave
  double wait_seconds_ = 0.0;
  std::set<int64_t> bad_;

  std::mutex mutex_;                         // guards what follows, save batches in the making
  std::condition_variable space_, arrival_;  // a slot is free; a batch is ready
  int64_t claimed_ = 0;                      // batches that some thread has begun
  std::vector<Slot> slots_;                  // batch k is made in slot k mod size
  std::atomic<bool> stop_{false};
  std::vector<std::thread> workers_;
};

}  // namespace tandem
