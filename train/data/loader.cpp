#include "train/data/loader.h"

#include "core/error.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace tandem {
namespace {

int64_t worker_count(const LoaderOptions& options) {
  return std::max<int64_t>(1, options.data.workers);
}

int64_t slot_count(const LoaderOptions& options) {
  return options.prefetch > 0 ? options.prefetch : worker_count(options) + 2;
}

// Batches of a run before `position`. Half of the numbers are left for those that follow.
int64_t batches_before(const Position& position, int64_t per_epoch) {
  const int64_t most = std::numeric_limits<int64_t>::max() / 2 / per_epoch - 1;
  if (position.epoch < 0 || position.epoch > most || position.index < 0 ||
      position.index > per_epoch) {
    fail<DataError>("loader: epoch {}, batch {} is no position; an epoch has {} batches.",
                    position.epoch, position.index, per_epoch);
  }
  return position.epoch * per_epoch + position.index;
}

}  // namespace

Loader::Loader(std::vector<TableRow> rows, LoaderOptions options, Position start)
    : max_bad_samples_(options.data.max_bad_samples),
      warn_(options.warn),
      made_(options.made),
      maker_(std::move(rows), options),
      start_(batches_before(start, batches_per_epoch())),
      bad_(options.bad_samples),
      slots_(slot_count(options)) {
  try {
    for (int64_t i = 0; i < worker_count(options); ++i) workers_.emplace_back([this, i] { work(i); });
  } catch (const std::exception& error) {
    shut_down();
    fail<DataError>("loader: {} of {} threads could be started ({}); set data.workers lower.",
                    workers_.size(), worker_count(options), error.what());
  }
}

Loader::~Loader() { shut_down(); }

void Loader::shut_down() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  space_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

Position Loader::position_of(int64_t sequence) const {
  const int64_t batch = start_ + sequence;
  return {batch / batches_per_epoch(), batch % batches_per_epoch()};
}

Position Loader::position() const { return position_of(delivered_); }

void Loader::work(int64_t thread) {
  AugmentScratch scratch;
  const auto size = static_cast<int64_t>(slots_.size());
  std::unique_lock lock(mutex_);
  while (true) {
    space_.wait(lock, [&] { return stop_ || claimed_ < delivered_ + size; });
    if (stop_) return;
    const int64_t sequence = claimed_++;
    Slot& slot = slots_[sequence % size];
    lock.unlock();
    const auto begin = std::chrono::steady_clock::now();
    fill(slot, sequence, scratch);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (made_) made_(thread, start_ + sequence, took.count());
    lock.lock();
    slot.ready = true;
    arrival_.notify_one();
  }
}

void Loader::fill(Slot& slot, int64_t sequence, AugmentScratch& scratch) {
  slot.error = nullptr;
  try {
    const auto [epoch, index] = position_of(sequence);
    maker_.make(epoch, index, slot.batch, slot.bad, scratch, stop_);
  } catch (...) {
    slot.error = std::current_exception();
  }
}

// In the order of batches, not of threads, so that a run stops at the same step every time.
void Loader::count_bad(const Slot& slot) {
  for (const auto& [sample, reason] : slot.bad) {
    if (bad_.contains(sample)) continue;
    const auto before = static_cast<int64_t>(bad_.size());
    if (before >= max_bad_samples_) {
      if (max_bad_samples_ == 0) throw DataError(reason);
      fail<DataError>("{} With it {} pictures can't be read; data.max_bad_samples allows {}.",
                      reason, before + 1, max_bad_samples_);
    }
    bad_.insert(sample);
    if (warn_) warn_(reason);
  }
}

void Loader::next(Batch& batch) {
  const auto begin = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  Slot& slot = slots_[delivered_ % static_cast<int64_t>(slots_.size())];
  arrival_.wait(lock, [&] { return slot.ready; });
  lock.unlock();  // a ready slot is ours until delivered_ passes it
  wait_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  count_bad(slot);
  if (slot.error) std::rethrow_exception(slot.error);
  std::swap(batch, slot.batch);
  lock.lock();
  slot.ready = false;
  ++delivered_;
  lock.unlock();
  space_.notify_one();
}

Batch Loader::next() {
  Batch batch;
  next(batch);
  return batch;
}

}  // namespace tandem
