#include "train/profile/step_profiler.h"

#include "core/kernel_starts.h"
#include "tests/devices.h"
#include "tests/train/small_run.h"
#include "train/report/metrics_log.h"
#include "train/trainer.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tandem;
using nlohmann::json;

namespace {

json read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  return json::parse(file);
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

using Lanes = std::map<std::string, std::vector<json>>;

// The complete events of a trace, by the name of their lane and in order of time.
Lanes lanes_of(const json& trace) {
  std::map<int, std::string> names;
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("name") == "thread_name") names[event.at("tid")] = event.at("args").at("name");
  }
  Lanes lanes;
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("ph") == "X") lanes[names.at(event.at("tid"))].push_back(event);
  }
  for (auto& [name, events] : lanes) {
    std::sort(events.begin(), events.end(),
              [](const json& a, const json& b) { return a.at("ts") < b.at("ts"); });
  }
  return lanes;
}

void check_no_overlap(const std::string& lane, const std::vector<json>& events) {
  for (size_t i = 1; i < events.size(); ++i) {
    const double end = events[i - 1].at("ts").get<double>() + events[i - 1].at("dur").get<double>();
    INFO(lane, ": event ", i, " of ", events.size());
    CHECK(end <= events[i].at("ts").get<double>() + 1e-3);
  }
}

double microseconds(const std::vector<json>& events, const std::string& name = "") {
  double sum = 0;
  for (const json& event : events) {
    if (name.empty() || event.at("name") == name) sum += event.at("dur").get<double>();
  }
  return sum;
}

Lanes profiled(const test::TemporaryFolder& folder, const RunConfig& config, int64_t steps) {
  const TrainOptions options{.run = folder / "profiled", .profile_steps = steps};
  Trainer(config, options).run();
  return lanes_of(read_json(folder.path() / "profiled" / "profile.json"));
}

}  // namespace

TEST_CASE("a_profile_has_lanes_of_spans_that_do_not_overlap") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  const Lanes lanes = profiled(folder, test::small_config(folder), 4);
  for (const char* lane : {"host", "device", "loader 0"}) REQUIRE(lanes.contains(lane));
  for (const auto& [name, events] : lanes) {
    if (name != "host") check_no_overlap(name, events);  // its spans hold others
  }
  const double device = microseconds(lanes.at("device"));
  const double steps = microseconds(lanes.at("host"), "step");
  INFO("device ", device, " us, steps ", steps, " us");
  CHECK(device > 0.3 * steps);
  CHECK(device <= steps);
  CHECK(std::count_if(lanes.at("host").begin(), lanes.at("host").end(),
                      [](const json& event) { return event.at("name") == "step"; }) == 4);
}

TEST_CASE("a_profile_on_vulkan_knows_when_kernels_began") {
  for (const NamedDevice& named : vulkan_devices()) {
    const test::TemporaryFolder folder;
    test::write_small_data(folder);
    RunConfig config = test::small_config(folder);
    config.device = named.name;
    const Lanes lanes = profiled(folder, config, 2);
    if (!lanes.contains("device")) {
      MESSAGE(named.device->info().name, " has no timestamps");
      continue;
    }
    check_no_overlap("device", lanes.at("device"));
    CHECK(microseconds(lanes.at("device")) <= microseconds(lanes.at("host"), "step") * 1.01);
  }
}

TEST_CASE("on_vulkan_a_step_is_started_before_the_one_before_it_has_ended") {
  for (const NamedDevice& named : vulkan_devices()) {
    const test::TemporaryFolder folder;
    test::write_small_data(folder);
    RunConfig config = test::small_config(folder);
    config.device = named.name;
    config.evaluate.clear();
    config.train.checkpoint_every = "1000";  // evaluations and checkpoints wait for a step
    const Lanes lanes = profiled(folder, config, 4);
    std::vector<json> steps = lanes.at("even steps");
    check_no_overlap("even steps", steps);
    check_no_overlap("odd steps", lanes.at("odd steps"));
    steps.insert(steps.end(), lanes.at("odd steps").begin(), lanes.at("odd steps").end());
    std::sort(steps.begin(), steps.end(),
              [](const json& a, const json& b) { return a.at("ts") < b.at("ts"); });
    REQUIRE(steps.size() == 4);
    for (size_t i = 0; i + 1 < steps.size(); ++i) {
      const double end = steps[i].at("ts").get<double>() + steps[i].at("dur").get<double>();
      CHECK(steps[i + 1].at("ts").get<double>() < end);
    }
  }
}

TEST_CASE("a_profiled_run_has_the_bits_of_any_other_and_logs_its_ops") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  const RunConfig config = test::small_config(folder);
  Trainer(config, {.run = folder / "plain"}).run();
  profiled(folder, config, 4);
  const auto losses = [&](const char* name) {
    std::vector<double> values;
    for (const MetricsRecord& line : read_metrics(folder.path() / name / "metrics.jsonl")) {
      if (line.kind == "train") values.push_back(*line.find("loss"));
    }
    return values;
  };
  CHECK(losses("plain") == losses("profiled"));
  const std::string log = read_text(folder.path() / "profiled" / "log.txt");
  CHECK(log.find("GFLOP/s") != std::string::npos);
  CHECK(log.find(" matmul") != std::string::npos);
}

TEST_CASE("a_run_too_short_for_its_profile_says_so") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  const TrainOptions options{.run = folder / "run", .profile_steps = 50};
  Trainer(test::small_config(folder), options).run();
  CHECK(!std::filesystem::exists(folder.path() / "run" / "profile.json"));
  const std::string log = read_text(folder.path() / "run" / "log.txt");
  CHECK(log.find("made 12 of the 103 steps") != std::string::npos);
}

TEST_CASE("the_table_of_ops_sums_runs_and_keeps_the_passes_apart") {
  const Op product{.name = "product"};
  const Op copy{.name = "copy"};
  const std::vector<NodeCost> costs{
      {&product, false, {4e9, 0}}, {&product, true, {8e9, 0}}, {&copy, false, {0, 1e9}}};
  const std::vector<KernelTime> times{{"a", 0.5}, {"b", 0.25}, {"c", 0.125}};
  OpTimes ops;
  ops.add(times, costs);
  ops.add(times, costs);
  const std::vector<OpTimes::Row> rows = ops.rows();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].op == "product");
  CHECK(rows[1].op == "product (backward)");
  CHECK(rows[0].seconds == 1.0);
  CHECK(rows[0].cost.flops == 8e9);
  CHECK(ops.seconds() == 0.875);
  CHECK(ops.table().find("8.0") != std::string::npos);  // GFLOP/s of the first
  CHECK(ops.table().find("peak") == std::string::npos);
  CHECK(ops.table(16e9).find(" 50 %") != std::string::npos);
}

TEST_CASE("the_innermost_of_those_who_want_to_know_is_told_when_kernels_began") {
  KernelStarts outer;
  {
    const KernelStarts inner;
    KernelStarts::tell({1, 2});
    CHECK(inner.seconds() == std::vector<double>{1, 2});
  }
  CHECK(outer.seconds().empty());
  KernelStarts::tell({3});
  CHECK(outer.seconds() == std::vector<double>{3});
}
