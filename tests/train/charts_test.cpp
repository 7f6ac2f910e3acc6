#include "train/report/axis.h"
#include "train/report/line_chart.h"
#include "train/report/metric_charts.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace tandem;

namespace {

std::vector<std::string> tick_texts(const Axis& axis) {
  std::vector<std::string> texts;
  for (const double tick : axis.ticks) texts.push_back(format_tick(tick, axis));
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("axis_ticks_are_round_numbers") {
  CHECK(tick_texts(make_axis(0.13, 4.8, 5, true)) == Texts{"0", "1", "2", "3", "4", "5"});
  CHECK(tick_texts(make_axis(0, 1000, 5, false)) ==
        Texts{"0", "200", "400", "600", "800", "1,000"});
  CHECK(tick_texts(make_axis(0, 0.001, 5, true))[1] == "0.0002");
  CHECK(tick_texts(make_axis(0, 45000, 3, false)) == Texts{"0", "20k", "40k"});
  CHECK(tick_texts(make_axis(-1, 0.4, 3, true)) == Texts{"-1.0", "-0.5", "0", "0.5"});
  CHECK(tick_texts(make_axis(1200, 1400, 2, true)) == Texts{"1,200", "1,300", "1,400"});
}

TEST_CASE("an_axis_copes_with_any_range") {
  const double infinity = std::numeric_limits<double>::infinity();
  const double largest = std::numeric_limits<double>::max() / 4;
  const double ranges[][2] = {{5, 5},       {0, 0},           {infinity, -infinity}, {NAN, 1},
                              {-1e-300, 0}, {1, 1 + 1e-15},   {0, largest},          {-largest, 0},
                              {1e-9, 2e-9}, {1e15, 1e15 + 10}};
  for (const auto& [low, high] : ranges) {
    const Axis axis = make_axis(low, high, 5, true);
    CAPTURE(low);
    CHECK(axis.high > axis.low);
    CHECK(!axis.ticks.empty());
    CHECK(axis.ticks.size() <= 12);
    for (const double tick : axis.ticks) CHECK(!format_tick(tick, axis).empty());
  }
}

TEST_CASE("a_chart_breaks_its_line_at_values_that_are_not_finite") {
  const std::string html =
      line_chart_html({"Loss", "step", {{"loss", {1, 2, 3, 4, 5}, {5, 4, NAN, 2, 1}}}});
  CHECK(html.find("1 value is not finite.") != std::string::npos);
  size_t paths = 0;
  for (size_t at = 0; (at = html.find("<path", at)) != std::string::npos; ++at) ++paths;
  CHECK(paths == 2);
}

TEST_CASE("a_chart_without_values_says_so") {
  CHECK(line_chart_html({"Loss", "step", {}}).find("No values yet") != std::string::npos);
  CHECK(line_chart_html({"Loss", "step", {{"a", {1}, {NAN}}}}).find("No values") !=
        std::string::npos);
}

TEST_CASE("a_long_line_is_thinned_and_keeps_its_extremes") {
  ReportLine line{"loss", {}, {}, false};
  for (int i = 0; i < 100000; ++i) {
    line.x.push_back(i);
    line.y.push_back(i == 54321 ? 77.5 : i % 7);
  }
  const std::string html = line_chart_html({"Loss", "step", {line}});
  CHECK(html.size() < 60000);
  CHECK(html.find(",54321,77.5]") != std::string::npos);
}

TEST_CASE("smoothing_keeps_a_constant_and_skips_what_is_not_finite") {
  const std::vector<double> values{2, 2, NAN, 2, 2};
  const auto smoothed = smooth(values, 3);
  REQUIRE(smoothed.size() == 5);
  CHECK(std::isnan(smoothed[2]));
  CHECK(std::abs(smoothed[4] - 2) <= 1e-12);
  // Weights e^-1 and 1 of 0 and 1.
  const std::vector<double> step{0, 1};
  CHECK(std::abs(smooth(step, 1)[1] - 1 / (1 + std::exp(-1))) <= 1e-12);
}

TEST_CASE("charts_come_from_metrics_in_a_fixed_order") {
  std::vector<MetricsRecord> records;
  for (int64_t step = 1; step <= 50; ++step) {
    records.push_back({step, 0, "train", "", {{"other", 1}, {"lr", 0.1}, {"loss", 2}}});
  }
  for (const char* name : {"seen", "unseen"}) {
    records.push_back(
        {50, 1, "eval", name, {{"text_to_image_R@1", 0.25}, {"text_to_image_R@10", 0.5}}});
  }
  const auto charts = charts_from_metrics(records);
  REQUIRE(charts.size() == 4);
  CHECK(charts[0].title == "Loss");
  CHECK(charts[0].lines.size() == 2);  // raw and smoothed
  CHECK(charts[1].title == "Learning rate");
  CHECK(charts[2].title == "other");
  CHECK(charts[3].title == "Caption to picture, R@1 (%)");
  REQUIRE(charts[3].lines.size() == 2);
  CHECK(charts[3].lines[1].name == "unseen");
  CHECK(charts[3].lines[1].y == std::vector<double>{25});
  CHECK(charts_from_metrics({}).empty());
}
