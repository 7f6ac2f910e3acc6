#include "core/error.h"
#include "train/sweep/child.h"
#include "train/sweep/sweep_report.h"

#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;
using tandem::test::TemporaryFolder;

namespace {

SweepRun run_of(const std::string& shots, uint64_t seed, double accuracy) {
  return {.values = {{"shots", shots}}, .seed = seed, .folder = "",
          .metrics = {{"test/acc1", accuracy}, {"test/loss", 3}}, .error = ""};
}

Sweep example() {
  Sweep sweep{.name = "a", .config = "a.yaml", .axes = {{"shots", {"1", "2"}}}, .seeds = {1, 2, 3},
              .runs = {}};
  sweep.runs = {run_of("1", 1, 0.5), run_of("1", 2, 0.7), run_of("1", 3, 0.6),
                run_of("2", 1, 0.8), run_of("2", 2, 0.9)};
  sweep.runs.push_back({.values = {{"shots", "2"}}, .seed = 3, .folder = "", .metrics = {},
                        .error = "exit 1: no"});
  return sweep;
}

}  // namespace

TEST_CASE("a_grid_axis_keeps_lists_maps_and_quotes_whole") {
  const GridAxis axis = parse_axis("data.mean=[0, 1, 2],{a: 1, b: 2},'x,y',3");
  CHECK(axis.key == "data.mean");
  CHECK(axis.values == std::vector<std::string>{"[0, 1, 2]", "{a: 1, b: 2}", "'x,y'", "3"});
  for (const char* bad : {"", "a", "=1", "a=", "a=1,,2", "a=1,"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_axis(bad), ConfigError);
  }
}

TEST_CASE("seeds_are_ranges_and_lists") {
  CHECK(parse_seeds("1..3") == std::vector<uint64_t>{1, 2, 3});
  CHECK(parse_seeds("0,4..5") == std::vector<uint64_t>{0, 4, 5});
  for (const char* bad : {"", "1..", "..3", "3..1", "x", "1,1", "1..3,2", "-1", "1..99999999"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_seeds(bad), ConfigError);
  }
}

TEST_CASE("every_combination_comes_once_and_in_order") {
  const auto points = combinations({{"a", {"1", "2"}}, {"b", {"x", "y"}}});
  REQUIRE(points.size() == 4);
  CHECK(points[1] == GridValues{{"a", "1"}, {"b", "y"}});
  CHECK(combinations({}).size() == 1);
  CHECK_THROWS_AS(combinations({{"a", {"1"}}, {"a", {"2"}}}), ConfigError);
  CHECK_THROWS_AS(combinations({{"seed", {"1"}}}), ConfigError);
  CHECK(point_name(points[1], 7) == "a=1,b=y,seed=7");
  CHECK(point_name({{"a", "[../x]"}}, 0) == "a=_.._x_,seed=0");
}

TEST_CASE("runs_that_differ_in_their_seed_become_mean_and_deviation") {
  const auto groups = summarize_sweep(example().runs);
  REQUIRE(groups.size() == 2);
  const MetricSummary& first = groups[0].metrics.at("test/acc1");
  CHECK(std::abs(first.mean - 0.6) <= 1e-12);
  CHECK(std::abs(first.deviation - 0.1) <= 1e-12);
  CHECK(groups[1].runs == 2);
  CHECK(groups[1].failed == 1);
  CHECK(summarize_values({0.25}).deviation == 0);
}

TEST_CASE("the_table_of_a_sweep_shows_accuracies_and_failures") {
  const Sweep sweep = example();
  const auto groups = summarize_sweep(sweep.runs);
  CHECK(shown_metrics(groups, {}) == std::vector<std::string>{"test/acc1"});
  CHECK(shown_metrics(groups, {"test/loss"}) == std::vector<std::string>{"test/loss"});
  CHECK_THROWS_AS(shown_metrics(groups, {"test/acc2"}), ConfigError);
  const ReportTable table = sweep_table(sweep, {"test/acc1", "test/loss"});
  CHECK(table.header == std::vector<std::string>{"shots", "runs", "test/acc1", "test/loss"});
  CHECK(table.rows[0] == std::vector<std::string>{"1", "3", "60.0 +- 10.0 %", "3 +- 0"});
  CHECK(table.rows[1][1] == "2 (1 failed)");
}

TEST_CASE("the_chart_of_a_sweep_runs_along_its_axis_of_numbers") {
  Sweep sweep = example();
  const auto charts = sweep_charts(sweep, {"test/acc1"});
  REQUIRE(charts.size() == 1);
  REQUIRE(charts[0].lines.size() == 3);
  CHECK(charts[0].lines[2].x == std::vector<double>{1, 2});
  CHECK(std::abs(charts[0].lines[2].y[0] - 60) <= 1e-9);
  CHECK(std::abs(charts[0].lines[0].y[0] - 50) <= 1e-9);
  sweep.axes[0].values = {"one", "two"};
  CHECK(sweep_charts(sweep, {"test/acc1"}).empty());
}

TEST_CASE("another_programs_exit_code_and_words_are_kept") {
  const TemporaryFolder folder;
  const std::string output = folder / "said.txt";
  CHECK(run_program({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, output) == 3);
  CHECK(test::content_of(output) == "out\nerr\n");
  CHECK(run_program({"/bin/sh", "-c", "kill -9 $$"}, output) == 137);
  CHECK_THROWS_AS(run_program({"/none"}, output), Error);
}
