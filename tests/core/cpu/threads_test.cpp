#include "core/cpu/threads.h"

#include "core/error.h"
#include "tests/address_limit.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace tandem;

TEST_CASE("every_task_runs_once_run_after_run") {
  Threads threads(5);
  std::vector<int> counts(64);
  for (int run = 1; run <= 2000; ++run) {
    const int tasks = run % 64 + 1;
    std::fill(counts.begin(), counts.end(), 0);
    threads.run(tasks, [&](int64_t i) { ++counts[static_cast<size_t>(i)]; });
    const bool right =
        std::all_of(counts.begin(), counts.begin() + tasks, [](int count) { return count == 1; }) &&
        std::count(counts.begin(), counts.end(), 0) == 64 - tasks;
    REQUIRE(right);
  }
}

TEST_CASE("a_team_that_the_system_can_not_start_is_refused") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  MESSAGE("not tested: sanitizers can't work in little address space");
#else
  const AddressLimit limit(64 << 20);
  CHECK_THROWS_WITH_AS(Threads(500), doctest::Contains("of 500 threads could be started"),
                       DeviceError);
#endif
}
