#include "train/signals.h"

#include <doctest/doctest.h>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace tandem;

namespace {

// Exit code of a child that gets these signals, one after the other, while it catches them.
template <class... Signals>
int exit_code_after(Signals... signals) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    StopSignals caught;
    (raise(signals), ...);
    _exit(StopSignals::requested() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
// Sends this thread a signal while its stack pointer is `top`, as a kernel might use it.
void signal_with_stack_at(std::byte* top, int signal) {
  long call = SYS_tgkill;
  asm volatile(
      "mov %%rsp, %%r12\n\t"
      "mov %[top], %%rsp\n\t"
      "syscall\n\t"
      "mov %%r12, %%rsp"
      : "+a"(call)
      : [top] "r"(top), "D"(static_cast<long>(getpid())),
        "S"(static_cast<long>(syscall(SYS_gettid))), "d"(static_cast<long>(signal))
      : "r12", "rcx", "r11", "memory", "cc");
}
#endif

}  // namespace

TEST_CASE("one_stop_signal_sets_the_flag") {
  CHECK(exit_code_after() == 1);
  CHECK(exit_code_after(SIGINT) == 0);
  CHECK(exit_code_after(SIGTERM) == 0);
  CHECK(exit_code_after(SIGUSR1, SIGUSR1) == 0);
  CHECK(exit_code_after(SIGHUP, SIGTERM) == 0);
}

TEST_CASE("a_reader_of_the_output_that_ends_stops_nothing") {
  CHECK(exit_code_after(SIGPIPE) == 1);
}

TEST_CASE("a_hangup_is_ignored_where_nohup_has_it_ignored") {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  CHECK(exit_code_after(SIGHUP) == 1);
  std::signal(SIGHUP, before);
}

TEST_CASE("a_signal_leaves_the_memory_alone_that_the_stack_pointer_points_into") {
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
  std::vector<std::byte> memory(size_t{256} << 10, std::byte{7});
  const StopSignals caught;
  signal_with_stack_at(memory.data() + memory.size() / 2, SIGUSR1);
  CHECK(StopSignals::requested());
  CHECK(std::count(memory.begin(), memory.end(), std::byte{7}) ==
        static_cast<std::ptrdiff_t>(memory.size()));
#else
  MESSAGE("not tested: needs x86-64 and signals at once");
#endif
}

TEST_CASE("a_second_interruption_exits_at_once") {
#ifdef __SANITIZE_THREAD__
  // ThreadSanitizer holds signals back until a blocking call returns.
  MESSAGE("not tested: ThreadSanitizer delays signals");
  return;
#endif
  CHECK(exit_code_after(SIGINT, SIGINT) == 130);
  CHECK(exit_code_after(SIGINT, SIGTERM) == 143);
}

TEST_CASE("an_early_warning_does_not_count_as_an_interruption") {
  CHECK(exit_code_after(SIGUSR1, SIGTERM) == 0);
}

TEST_CASE("the_first_signal_is_named_and_handlers_are_given_back") {
  struct sigaction before {
  }, after{};
  sigaction(SIGUSR1, nullptr, &before);
  {
    StopSignals caught;
    raise(SIGUSR1);
    CHECK(std::string(StopSignals::name()) == "SIGUSR1");
  }
  sigaction(SIGUSR1, nullptr, &after);
  CHECK((before.sa_handler == after.sa_handler));
}
