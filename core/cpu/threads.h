// A fixed team of threads. Work is cut into tasks by the caller, never by the number of threads,
// so that a result does not depend on how many threads there are.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace tandem {

class Threads {
 public:
  // A team of `count` threads, run()'s caller among them; 0: one a core. Throws DeviceError.
  explicit Threads(int count = 0);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls task(i) for every i in [0, tasks), each once, spread over the team; returns when all
  // are done. Tasks must not throw, and must not call run(). One caller at a time.
  template <class Task>
  void run(int64_t tasks, Task&& task) {
    using Plain = std::remove_reference_t<Task>;
    run_all(tasks, [](void* context, int64_t i) { (*static_cast<Plain*>(context))(i); },
            const_cast<std::remove_const_t<Plain>*>(&task));
  }

  // Cuts [0, items) into tasks of `grain` items and calls body(begin, end) for each.
  template <class Body>
  void ranges(int64_t items, int64_t grain, Body&& body) {
    run((items + grain - 1) / grain, [&](int64_t i) {
      const int64_t begin = i * grain;
      body(begin, begin + grain < items ? begin + grain : items);
    });
  }

 private:
  using Function = void (*)(void*, int64_t);

  void run_all(int64_t tasks, Function function, void* context);
  void work();
  void take_tasks();

  // Written by run_all before the generation is raised, read by workers after they see it.
  Function function_ = nullptr;
  void* context_ = nullptr;
  int64_t tasks_ = 0;
  std::atomic<int64_t> next_{0};
  std::atomic<int> busy_{0};
  std::atomic<uint32_t> generation_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> workers_;
};

}  // namespace tandem
