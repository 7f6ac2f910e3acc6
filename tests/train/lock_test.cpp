#include "train/lock.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <string>

using namespace tandem;
using test::TemporaryFolder;

namespace {

// Exit code of a child that runs `body`.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(body());
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a_run_folder_in_use_is_refused_with_the_process_named") {
  TemporaryFolder folder;
  const RunLock lock(folder.path());
  const std::string expected = "is in use by process " + std::to_string(getpid());
  CHECK(in_child([&] {
          try {
            RunLock second(folder.path());
          } catch (const DataError& error) {
            return std::string(error.what()).find(expected) != std::string::npos ? 0 : 1;
          }
          return 2;
        }) == 0);
}

TEST_CASE("a_run_folder_is_free_again_after_its_process_even_a_killed_one") {
  TemporaryFolder folder;
  CHECK(in_child([&] {
          new RunLock(folder.path());  // never released but by the end of the process
          return 0;
        }) == 0);
  { RunLock lock(folder.path()); }
  CHECK_NOTHROW(RunLock(folder.path()));
}

TEST_CASE("a_lock_in_a_missing_folder_is_refused") {
  CHECK_THROWS_WITH_AS(RunLock("/nonexistent"), doctest::Contains("can't be opened"), DataError);
}
