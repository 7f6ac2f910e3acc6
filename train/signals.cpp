#include "train/signals.h"

#include "core/error.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace tandem {
namespace {

constexpr std::array<int, 3> caught{SIGINT, SIGTERM, SIGUSR1};

std::atomic<int> first_signal{0};
std::atomic<int> interruptions{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not take a lock");

void on_signal(int signal) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
  if (signal != SIGUSR1 && interruptions.fetch_add(1) > 0) _exit(128 + signal);
}

}  // namespace

StopSignals::StopSignals() {
  first_signal = 0;
  interruptions = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;  // no read or write fails with EINTR because of it
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < caught.size(); ++i) {
    if (sigaction(caught[i], &action, &before_[i]) == 0) continue;
    const int reason = errno;
    while (i-- > 0) sigaction(caught[i], &before_[i], nullptr);
    fail<Error>("signals: a handler can't be set: {}.", std::strerror(reason));
  }
}

StopSignals::~StopSignals() {
  for (size_t i = 0; i < caught.size(); ++i) sigaction(caught[i], &before_[i], nullptr);
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
