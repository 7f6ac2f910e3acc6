#include "train/signals.h"

#include "core/error.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace tandem {
namespace {

constexpr std::array<int, 5> caught{SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGPIPE};
constexpr size_t stack_bytes = size_t{64} << 10;  // AMX's registers alone are 8 KiB

std::atomic<int> first_signal{0};
std::atomic<int> interruptions{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not take a lock");

void on_signal(int signal) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
  if ((signal == SIGINT || signal == SIGTERM) && interruptions.fetch_add(1) > 0)
    _exit(128 + signal);
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
  action.sa_flags = SA_ONSTACK | SA_RESTART;  // no read or write fails with EINTR because of it
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < caught.size(); ++i) {
    action.sa_handler = caught[i] == SIGPIPE ? SIG_IGN : on_signal;
    if (sigaction(caught[i], &action, &before_[i]) == 0) {
      const bool nohup = caught[i] == SIGHUP && before_[i].sa_handler == SIG_IGN;
      if (nohup) sigaction(SIGHUP, &before_[i], nullptr);
      continue;
    }
    const int reason = errno;
    while (i-- > 0) sigaction(caught[i], &before_[i], nullptr);
    sigaltstack(&stack_before_, nullptr);
    fail<Error>("signals: a handler can't be set: {}.", std::strerror(reason));
  }
}

StopSignals::~StopSignals() {
  for (size_t i = 0; i < caught.size(); ++i) sigaction(caught[i], &before_[i], nullptr);
  sigaltstack(&stack_before_, nullptr);
  first_signal = 0;
}

bool StopSignals::requested() { return first_signal != 0; }

const char* StopSignals::name() {
  switch (first_signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    case SIGUSR1:
      return "SIGUSR1";
    default:
      return "";
  }
}

}  // namespace tandem
