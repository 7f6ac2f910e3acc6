// `tandem plan`: what a config will need, without opening a device or allocating a weight.
#include "core/error.h"
#include "core/find_device.h"
#include "train/byte_size.h"
#include "train/cli/checks.h"
#include "train/cli/command.h"
#include "train/cli/plan_adapter.h"
#include "train/config/read.h"
#include "train/memory_check.h"
#include "train/step_plan.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <memory>

namespace tandem {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string config;
  std::vector<std::string> overrides;
  std::string device;  // empty: the config's
  std::string device_memory;
  double peak_tflops = 0;
  std::string bandwidth;
  bool json = false;
};

// All nodes of one op.
struct OpTotal {
  std::string name;
  int count = 0;
  Cost cost;
  double seconds = 0;  // by the roofline; 0 where the limits are not given
};

struct Forecast {
  RunConfig config;
  DeviceInfo device;
  StepPlan plan;
  uint64_t free = 0;                // memory of the device; 0: not known
  int64_t batch = 0;                // the largest that fits; 0 too where that is not known
  int64_t batch_checkpointing = 0;  // the same with gradient checkpointing
  double forward_flops = 0;         // of a step
  double flops = 0;                 // of a step, backward and recomputation too
  double seconds = 0;               // of a step; 0 where the limits are not given
  std::vector<OpTotal> ops;         // the longest, or the largest, first
};

// A discrete GPU of Vulkan's least limits, for cards that are not in this machine.
DeviceInfo some_gpu() {
  DeviceInfo device;
  device.backend = "vulkan";
  device.kind = "discrete";
  device.name = "a GPU";
  return device;
}

void add_costs(Forecast& forecast, double peak, double bandwidth) {
  std::map<std::string, OpTotal> ops;
  for (const NodeCost& node : forecast.plan.costs) {
    OpTotal& total = ops[std::string(node.op->name)];
    total.count += 1;
    total.cost += node.cost;
    forecast.flops += node.cost.flops;
    if (!node.backward) forecast.forward_flops += node.cost.flops;
    if (peak > 0) total.seconds += roofline_seconds(node.cost, peak, bandwidth);
  }
  for (auto& [name, total] : ops) {
    total.name = name;
    forecast.seconds += total.seconds;
    forecast.ops.push_back(std::move(total));
  }
  const auto order = [](const OpTotal& op) {
    return std::tuple(op.seconds, op.cost.flops, op.cost.bytes);
  };
  std::stable_sort(forecast.ops.begin(), forecast.ops.end(),
                   [&](const OpTotal& a, const OpTotal& b) { return order(a) > order(b); });
}

DeviceInfo device_of(const Options& options, const RunConfig& config) {
  const std::string device = options.device.empty() ? config.device : options.device;
  return device == "gpu" ? some_gpu() : find_device(device);
}

Forecast forecast_of(const Options& options, const RunConfig& config, const DeviceInfo& device) {
  Forecast forecast{.config = config, .device = device, .plan = {}, .ops = {}};
  forecast.free = options.device_memory.empty() ? free_memory(forecast.device)
                                                : parse_bytes(options.device_memory);
  if (options.peak_tflops > 0 && options.bandwidth.empty()) {
    throw ConfigError("plan: --peak-tflops is given without --bandwidth; give both for times.");
  }
  const double bandwidth =
      options.bandwidth.empty() ? 0 : static_cast<double>(parse_bytes(options.bandwidth));
  if (!options.bandwidth.empty() && (options.peak_tflops <= 0 || bandwidth <= 0)) {
    throw ConfigError("plan: --bandwidth needs --peak-tflops, and both must be above 0.");
  }
  forecast.plan = plan_step(forecast.config, forecast.device);
  add_costs(forecast, options.peak_tflops * 1e12, bandwidth);
  RunConfig other = forecast.config;
  other.train.grad_checkpointing = false;
  if (forecast.free == 0) return forecast;
  forecast.batch = largest_batch(other, forecast.device, forecast.free);
  other.train.grad_checkpointing = true;
  forecast.batch_checkpointing = largest_batch(other, forecast.device, forecast.free);
  return forecast;
}

double pairs(const Forecast& forecast) {
  return static_cast<double>(forecast.config.train.step_pairs());
}

Json to_json(const Forecast& f) {
  const MemoryReport& memory = f.plan.memory;
  const auto known = [&f](auto value) { return f.free > 0 ? Json(value) : Json(); };
  Json document{{"device", f.device.name},
                {"batch", f.config.train.batch_size},
                {"accum_freq", f.config.train.accum_freq},
                {"grad_checkpointing", f.config.train.grad_checkpointing},
                {"parameters", f.plan.parameters},
                {"forward_flops_per_pair", f.forward_flops / pairs(f)},
                {"flops_per_pair", f.flops / pairs(f)},
                {"parameter_bytes", memory.trainable + memory.frozen},
                {"optimizer_bytes", memory.state},
                {"activation_bytes", memory.activations},
                {"peak_bytes", memory.peak()},
                {"evaluation_bytes", f.plan.evaluation_bytes},
                {"device_memory_bytes", known(f.free)},
                {"fits", known(f.plan.peak() <= f.free)},
                {"largest_batch", known(f.batch)},
                {"largest_batch_checkpointing", known(f.batch_checkpointing)}};
  document["step_seconds"] = f.seconds > 0 ? Json(f.seconds) : Json();
  document["pairs_per_second"] = f.seconds > 0 ? Json(pairs(f) / f.seconds) : Json();
  document["ops"] = Json::array();
  for (const OpTotal& op : f.ops) {
    document["ops"].push_back({{"op", op.name},
                               {"count", op.count},
                               {"flops", op.cost.flops},
                               {"bytes", op.cost.bytes},
                               {"seconds", f.seconds > 0 ? Json(op.seconds) : Json()}});
  }
  return document;
}

void line(const std::string& what, const std::string& value) {
  fmt::print("{:<34}{}\n", what, value);
}

void print_memory(const Forecast& f) {
  const MemoryReport& memory = f.plan.memory;
  line("peak memory of a step", byte_text(memory.peak()));
  line("  parameters", byte_text(memory.trainable + memory.frozen));
  line("  optimizer", byte_text(memory.state));
  line("  activations, gradients, inputs", byte_text(memory.activations + memory.constants));
  if (f.plan.evaluation_bytes > 0) {
    line("and of evaluations", byte_text(f.plan.evaluation_bytes));
  }
  if (f.free == 0) return;
  const auto batch = [](int64_t size) { return size == 0 ? "none" : fmt::to_string(size); };
  line(fmt::format("largest batch in {}", byte_text(f.free)), batch(f.batch));
  line("  with grad_checkpointing", batch(f.batch_checkpointing));
}

void print(const Forecast& f) {
  fmt::print("{} on {}, batch {}\n", f.config.name, f.device.name,
             batch_text(f.config.train));
  line("parameters", fmt::to_string(f.plan.parameters));
  line("GFLOP a pair", fmt::format("{:.2f} forward, {:.2f} a training step",
                                   1e-9 * f.forward_flops / pairs(f), 1e-9 * f.flops / pairs(f)));
  print_memory(f);
  if (f.seconds > 0) {
    line("step by the roofline", fmt::format("{:.2f} ms, {:.1f} pairs/s at best", 1e3 * f.seconds,
                                             pairs(f) / f.seconds));
  }
  fmt::print("{:<28} {:>6} {:>12} {:>12} {:>10}\n", "op", "count", "GFLOP", "MB moved", "ms");
  for (const OpTotal& op : f.ops) {
    fmt::print("{:<28} {:>6} {:>12.3f} {:>12.2f} {:>10}\n", op.name, op.count,
               1e-9 * op.cost.flops, 1e-6 * op.cost.bytes,
               f.seconds > 0 ? fmt::format("{:.3f}", 1e3 * op.seconds) : "-");
  }
}

void run(const Options& options) {
  std::vector<std::string> overrides = options.overrides;
  const RunConfig config = read_run_config(options.config, overrides);
  const DeviceInfo device = device_of(options, config);
  if (config.adapter.on_features()) return show_adapter_plan(config, device, options.json);
  const Forecast forecast = forecast_of(options, config, device);
  if (!options.json) return print(forecast);
  fmt::print("{}\n", to_json(forecast).dump(1, ' ', false, Json::error_handler_t::replace));
}

void add_plan(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "plan",
      "Says what a config will need: parameters, FLOPs, memory, the largest batch that fits, and\n"
      "the time that the device's limits allow. Opens no device and allocates no weights");
  const auto options = std::make_shared<Options>();
  command->add_option("config", options->config, "the run's YAML file")->required();
  command->add_option("--set", options->overrides,
                      "change one value of the config: --set train.batch_size=256")
      ->allow_extra_args(false);
  command->add_option("--device", options->device,
                      "as in the config, or gpu for a card that is not in this machine");
  command->add_option("--device-memory", options->device_memory,
                      "memory of the device, as 24GiB; else what it has free");
  command->add_option("--peak-tflops", options->peak_tflops,
                      "the fastest matrix products, in 1e12 operations a second")
      ->check(positive_number());
  command->add_option("--bandwidth", options->bandwidth, "of its memory, a second, as 900GB");
  command->add_flag("--json", options->json, "print one JSON document");
  command->footer("Example: tandem plan configs/emoji.yaml --device gpu --device-memory 24GiB "
                  "--peak-tflops 30 --bandwidth 900GB");
  command->callback([options] { run(*options); });
}

const Command plan(add_plan);

}  // namespace

}  // namespace tandem
