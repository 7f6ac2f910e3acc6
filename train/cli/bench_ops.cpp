// `tandem bench ops`: every op forward and backward, held against what the device can do.
#include "autograd/cost.h"
#include "autograd/program.h"
#include "core/philox.h"
#include "train/cli/command.h"
#include "train/cli/device_options.h"
#include "train/cli/parent.h"
#include "train/cli/speed_cases.h"
#include "train/cli/spread.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>

namespace tandem {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  DeviceChoice device;
  double seconds = 0.5;
  std::string only;
  bool json = false;
};

// One kernel of a case.
struct Timing {
  std::string in;  // the case
  std::string op;
  Cost cost;
  Spread seconds;

  double gflops() const { return 1e-9 * cost.flops / seconds.median; }
  double gigabytes() const { return 1e-9 * cost.bytes / seconds.median; }
};

// The fastest that was seen: products and moved bytes.
struct Limits {
  double flops = 0;  // a second
  double bytes = 0;
};

using Feed = std::map<std::string, std::vector<std::byte>>;

Feed random_feed(const OpCase& item, const Graph& graph) {
  Feed feed;
  Random random(1, 0, 0, RandomUse::test);
  size_t next = 0;
  for (const Value& value : graph.values()) {
    if (value.source != Value::Source::input) continue;
    const CaseInput range = next < item.inputs.size() ? item.inputs[next] : CaseInput{};
    next += 1;
    std::vector<std::byte> bytes(value.type.bytes());
    for (size_t i = 0; i < bytes.size(); i += sizeof(float)) {
      const double number = range.low + (range.high - range.low) * random.uniform();
      const auto single = static_cast<float>(number);
      const auto whole = static_cast<int32_t>(number);
      const void* from = value.type.dtype == DType::i32 ? static_cast<const void*>(&whole)
                                                        : static_cast<const void*>(&single);
      std::memcpy(bytes.data() + i, from, sizeof(float));
    }
    feed[value.name] = std::move(bytes);
  }
  return feed;
}

std::vector<Timing> measure(Device& device, const OpCase& item, double budget) {
  Graph graph;
  const std::vector<Tensor> fetches = build_speed_case(item, graph);
  Plan plan = make_plan(graph, fetches, false);
  place_values(plan, device.info());
  const std::vector<NodeCost> costs = node_costs(plan);
  Variables variables(device);
  Program program(graph, variables, fetches);
  const Feed feed = random_feed(item, graph);
  Feeds feeds;
  for (const std::string& name : program.inputs()) feeds[name] = feed.at(name);
  std::vector<std::vector<double>> times(costs.size());
  time_runs(budget, [&] {
    const std::vector<KernelTime> run = program.profile(feeds);
    for (size_t i = 0; i < std::min(run.size(), times.size()); ++i) {
      times[i].push_back(run[i].seconds);
    }
  });
  std::vector<Timing> timings;
  for (size_t i = 0; i < costs.size(); ++i) {
    if (times[i].size() < 2) continue;  // a device without timestamps
    times[i].erase(times[i].begin());   // the warm-up
    timings.push_back(
        {item.name, std::string(costs[i].op->name), costs[i].cost, spread_of(times[i])});
  }
  return timings;
}

// The square product of 1024 rows and the scaling of 32 MiB, over and above what ops reach.
Limits limits_of(Device& device, const std::vector<OpCase>& cases, double budget) {
  Limits limits;
  for (const OpCase& item : cases) {
    if (item.name != "matmul" && item.name != "scale" && item.name != "add") continue;
    for (const Timing& timing : measure(device, item, budget)) {
      limits.flops = std::max(limits.flops, 1e9 * timing.gflops());
      if (item.name != "matmul") limits.bytes = std::max(limits.bytes, 1e9 * timing.gigabytes());
    }
  }
  return limits;
}

double share(const Timing& timing, const Limits& limits) {
  return roofline_seconds(timing.cost, limits.flops, limits.bytes) / timing.seconds.median;
}

Json to_json(const Timing& timing, const Limits& limits) {
  Json item{{"case", timing.in},
            {"op", timing.op},
            {"runs", timing.seconds.runs},
            {"flops", timing.cost.flops},
            {"bytes", timing.cost.bytes}};
  add_spread(item, "seconds", timing.seconds);
  item["gflops"] = timing.gflops();
  item["gigabytes_per_second"] = timing.gigabytes();
  item["share"] = share(timing, limits);
  return item;
}

void print(const Timing& t, const Limits& limits) {
  fmt::print("{:<17} {:<26} {:>10.3f} {:>8.3f} {:>8.3f} {:>9.1f} {:>8.2f} {:>6.0f} %\n", t.in, t.op,
             1e3 * t.seconds.median, 1e3 * t.seconds.low, 1e3 * t.seconds.high, t.gflops(),
             t.gigabytes(), 100 * share(t, limits));
}

void run(const Options& options) {
  const auto device = open_device(options.device);
  const std::vector<OpCase> cases = speed_cases();
  const auto known = [&](const OpCase& item) { return item.name == options.only; };
  if (!options.only.empty() && std::none_of(cases.begin(), cases.end(), known)) {
    fail<ConfigError>("bench ops: there is no case '{}'; leave --op out to see them all.",
                      options.only);
  }
  const Limits limits = limits_of(*device, cases, options.seconds);
  Json document{{"device", device->info().name},
                {"peak_gflops", 1e-9 * limits.flops},
                {"peak_gigabytes_per_second", 1e-9 * limits.bytes},
                {"ops", Json::array()}};
  if (!options.json) {
    fmt::print("{}, limits: {:.1f} GFLOP/s, {:.2f} GB/s\n", device->info().name,
               1e-9 * limits.flops, 1e-9 * limits.bytes);
    fmt::print("{:<17} {:<26} {:>10} {:>17} {:>9} {:>8} {:>8}\n", "case", "op", "ms", "quartiles",
               "GFLOP/s", "GB/s", "share");
  }
  for (const OpCase& item : cases) {
    if (!options.only.empty() && item.name != options.only) continue;
    for (const Timing& timing : measure(*device, item, options.seconds)) {
      if (options.json) document["ops"].push_back(to_json(timing, limits));
      else print(timing, limits);
    }
  }
  if (!options.json) return;
  fmt::print("{}\n", document.dump(1, ' ', false, Json::error_handler_t::replace));
}

const Command bench_ops([](CLI::App& program) {
  CLI::App& parent = parent_command(program, "bench", "Measures how fast this machine is");
  CLI::App* command = parent.add_subcommand(
      "ops", "Every op forward and backward: GFLOP/s, GB/s, and the share of the limits that the\n"
             "matmul, scale and add of the same run show");
  const auto options = std::make_shared<Options>();
  add_device_options(*command, options->device);
  command->add_option("--seconds", options->seconds, "Time for each case")
      ->check(CLI::Range(0.0, 3600.0));
  command->add_option("--op", options->only, "one case alone");
  command->add_flag("--json", options->json, "print one JSON document");
  command->callback([options] { run(*options); });
});

}  // namespace

}  // namespace tandem
