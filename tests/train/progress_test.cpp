#include "train/progress.h"

#include "core/error.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

using namespace tandem;

namespace {

struct Recorded {
  std::string screen;
  std::vector<std::string> log;
};

ProgressOptions options_for(Recorded& recorded, bool terminal) {
  ProgressOptions options;
  options.epochs = 40;
  options.steps_per_epoch = 25;
  options.steps = 1000;
  options.terminal = terminal;
  options.screen = [&](std::string_view text) { recorded.screen += text; };
  options.log = [&](std::string_view text) { recorded.log.emplace_back(text); };
  return options;
}

}  // namespace

TEST_CASE("the_progress_line_says_where_the_run_is") {
  Recorded recorded;
  Progress progress(options_for(recorded, true), 0);
  double now = 0;
  for (int64_t step = 1; step <= 75; ++step) {
    now += 0.4;
    progress.step({step, 3.21449, 1e-3, 128, 0.0012}, now);
  }
  CHECK(progress.line() ==
        "epoch 3/40  step 75/1000  loss 3.214  lr 1.0e-03  320 pairs/s  wait 0.3 %  eta 6:10");
  CHECK(recorded.screen.substr(0, 10) == "\repoch 1/4");
  CHECK(recorded.screen.find('\n') == std::string::npos);
}

TEST_CASE("without_a_terminal_there_is_a_line_every_so_often") {
  Recorded recorded;
  auto options = options_for(recorded, false);
  options.line_every_steps = 10;
  options.line_every_seconds = 1e9;
  Progress progress(options, 0);
  for (int64_t step = 1; step <= 25; ++step) progress.step({step, 1, 1, 1, 0}, 0.5 * step);
  REQUIRE(recorded.log.size() == 2);
  CHECK(recorded.log[1].starts_with("epoch 1/40  step 20/1000"));
  CHECK(recorded.screen == recorded.log[0] + "\n" + recorded.log[1] + "\n");
}

TEST_CASE("a_slow_run_still_writes_lines_by_time") {
  Recorded recorded;
  auto options = options_for(recorded, false);
  options.line_every_steps = 100;
  options.line_every_seconds = 30;
  Progress progress(options, 0);
  for (int64_t step = 1; step <= 4; ++step) progress.step({step, 1, 1, 1, 0}, 20.0 * step);
  CHECK(recorded.log.size() == 2);  // at 40 and 80 seconds
}

TEST_CASE("a_message_stands_above_the_line_in_place") {
  Recorded recorded;
  Progress progress(options_for(recorded, true), 0);
  progress.step({1, 1, 1, 1, 0}, 1);
  const std::string line = progress.line();
  recorded.screen.clear();
  progress.message("saved");
  CHECK(recorded.screen == "\rsaved" + std::string(line.size() - 5, ' ') + "\n\r" + line);
  progress.finish();
  CHECK(recorded.screen.back() == '\n');
  CHECK(recorded.log.back() == "saved");
}

TEST_CASE("skipped_time_is_not_in_the_rate_and_a_resumed_run_counts_on") {
  Recorded recorded;
  auto options = options_for(recorded, false);
  options.first_step = 500;
  Progress progress(options, 0);
  progress.step({501, 1, 1, 100, 0}, 1);
  progress.skip(1000);
  progress.step({502, 1, 1, 100, 0}, 1002);
  CHECK(std::abs(progress.pairs_per_second() - 100) <= 1e-6);
  CHECK(progress.line().find("eta 8:18") != std::string::npos);
}

TEST_CASE("durations_read_as_people_write_them") {
  CHECK(format_duration(7.4) == "0:07");
  CHECK(format_duration(59.7) == "1:00");
  CHECK(format_duration(3729) == "1:02:09");
  CHECK(format_duration(3 * 86400 + 4 * 3600) == "3d 04:00");
  CHECK(format_duration(-1) == "?");
  CHECK(format_duration(NAN) == "?");
}

TEST_CASE("a_log_that_cannot_be_opened_is_refused_and_a_full_disk_is_told") {
  CHECK_THROWS_AS(LogFile("/nonexistent/log.txt"), DataError);
  if (std::filesystem::exists("/dev/full")) CHECK(!LogFile("/dev/full").write("news"));
}
