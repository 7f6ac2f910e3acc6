#include "core/cpu/threads.h"

#include "core/error.h"

#include <algorithm>

namespace tandem {

namespace {

// How often a waiting thread looks again before it sleeps; a few microseconds, the length of the
// gap between two kernels.
constexpr int spins = 2000;

void stop_workers(std::atomic<bool>& stop, std::atomic<uint32_t>& generation,
                  std::vector<std::thread>& workers) {
  stop = true;
  generation.fetch_add(1);
  generation.notify_all();
  for (std::thread& worker : workers) worker.join();
}

}  // namespace

Threads::Threads(int count) {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int wanted = count > 0 ? count : cores;
  try {
    for (int i = 1; i < wanted; ++i) workers_.emplace_back([this] { work(); });
  } catch (const std::exception& error) {
    stop_workers(stop_, generation_, workers_);
    fail<DeviceError>("cpu: {} of {} threads could be started ({}); ask for fewer.", this->count(),
                      wanted, error.what());
  }
}

Threads::~Threads() { stop_workers(stop_, generation_, workers_); }

void Threads::run_all(int64_t tasks, Function function, void* context) {
  if (workers_.empty() || tasks <= 1) {
    for (int64_t i = 0; i < tasks; ++i) function(context, i);
    return;
  }
  function_ = function;
  context_ = context;
  tasks_ = tasks;
  next_.store(0, std::memory_order_relaxed);
  busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  take_tasks();
  for (int left = 0, spin = 0; (left = busy_.load(std::memory_order_acquire)) != 0;) {
    if (++spin > spins) busy_.wait(left, std::memory_order_acquire);
  }
}

void Threads::take_tasks() {
  for (int64_t i = 0; (i = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;) {
    function_(context_, i);
  }
}

void Threads::work() {
  uint32_t seen = 0;
  while (true) {
    for (int spin = 0; generation_.load(std::memory_order_acquire) == seen;) {
      if (++spin > spins) generation_.wait(seen, std::memory_order_acquire);
    }
    ++seen;
    if (stop_) return;
    take_tasks();
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_all();
  }
}

}  // namespace tandem
