#include "train/signals.h"

#include "core/error.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace tandem {
namespace {

constexpr std::array<int, 3> caught{SIGINT, SIGTERM, SIGUSR1};
constexpr size_t stack_bytes = size_t{64} << 10;  // AMX's registers alone are 8 KiB

std::atomic<int> first_signal{0};
std::atomic<int> interruptions{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not take a lock");

void on_signal(int signal) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
  if (signal != SIGUSR1 && interruptions.fetch_add(1) > 0) _exit(128 + signal);
}

}  // namespace

StopSignals::StopSignals() : stack_(stack_bytes) {
  first_signal = 0;
  interruptions = 0;
  stack_t stack{};
  stack.ss_sp = stack_.data();
  stack.ss_size = stack_.size();
  if (sigaltstack(&stack, &stack_before_) != 0) {
    fail<Error>("signals: their handler can't have a stack: {}.", std::strerror(errno));
  }
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK | SA_RESTART;  // no read or write fails with EINTR because of it
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < caught.size(); ++i) {
    if (sigaction(caught[i], &action, &before_[i]) == 0) continue;
    const int reason = errno;
    while (i-- > 0) sigaction(caught[i], &before_[i], nullptr);
    sigaltstack(&stack_before_, nullptr);
    fail<Error>("signals: a handler can't be set: {}.", std::strerror(reason));
  }
}

StopSignals::~StopSignals() {
  for (size_t i = 0; i < caught.size(); ++i) sigaction(caught[i], &before_[i], nullptr);
  sigaltstack(&stack_before_, nullptr);
}

bool StopSignals::requested() { return first_signal != 0; }

const char* StopSignals::name() {
  switch (first_signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGUSR1:
      return "SIGUSR1";
    default:
      return "";
  }
}

}  // namespace tandem
