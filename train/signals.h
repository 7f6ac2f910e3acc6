// How a run is asked to stop: SIGINT, SIGTERM, SIGHUP and SIGUSR1 set a flag, and the trainer then
// ends its step, saves a checkpoint and leaves. A second SIGINT or SIGTERM ends the process at once
// with 130 or 143. The other two do not count there: schedulers send SIGUSR1 as an early warning,
// and a closing terminal SIGHUP, each with SIGTERM later, while the checkpoint is being written.
// SIGHUP stays ignored under nohup. SIGPIPE is ignored: where Ctrl-C also ends the reader of a
// run's output, the run still has to be saved.
#pragma once

#include <csignal>

#include <array>
#include <cstddef>
#include <vector>

namespace tandem {

// Catches the signals while it lives, then gives them back to whoever had them. One at a time in
// a process, made and destroyed by its main thread, which is the one that Linux interrupts; the
// flag is unset before and after. Throws Error if a handler can't be set.
//
// The handler has a stack of its own. oneDNN's matrix kernels keep other things in the stack
// pointer, and what the system saves at a signal, all vector registers, would overwrite the heap
// where it points.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Whether one of the signals has come. Any thread may ask.
  static bool requested();

  // "SIGINT", "SIGTERM", "SIGHUP" or "SIGUSR1": the first that came; "" if none did.
  static const char* name();

 private:
  std::vector<std::byte> stack_;
  stack_t stack_before_{};
  std::array<struct sigaction, 5> before_{};
};

}  // namespace tandem
