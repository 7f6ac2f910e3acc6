// `tandem tune`: times the variants of kernels that a Vulkan device can run, on the nodes of a
// model's training step, and keeps the fastest that computes the same on disk for later runs.
#include "autograd/tuning.h"

#include "core/error.h"
#include "core/kernel_traits.h"
#include "core/vulkan/tuning_file.h"
#include "train/cli/command.h"
#include "train/cli/device_options.h"
#include "train/cli/node_run.h"
#include "train/cli/spread.h"
#include "train/config/read.h"
#include "train/step_plan.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <memory>

namespace tandem {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  DeviceChoice device;
  std::string model = "configs/models/ViT-B-32.yaml";
  std::string precision = "fp32";
  int64_t batch = 64;
  double seconds = 0.2;
  bool list = false;
  bool json = false;
};

struct Timed {
  std::string variant;
  double seconds;        // the median
  double difference;  // from the first variant's result, over its largest value

  // Whether that is no more than rounding, even to bf16, makes of sums in another order.
  bool right() const { return difference <= 0.02; }
};

// A choice, the node with most work that it is for, and what was measured, fastest first.
struct Choice {
  Tunable tunable;
  const Node* node = nullptr;
  double work = 0;
  std::vector<Timed> timed;
};

std::vector<Choice> choices_of(const StepPlan& step, const DeviceInfo& device) {
  std::map<std::string, Choice> all;
  size_t kernel = 0;
  for (const Node& node : step.plan.nodes) {
    if (node.op->view) continue;
    const double work = step.costs.at(kernel++).cost.flops;
    Tunable tunable = tunable_of(step.plan, node, device);
    if (tunable.variants.size() < 2) continue;
    Choice& choice = all[tunable.what];
    if (choice.node != nullptr && choice.work >= work) continue;
    choice = {std::move(tunable), &node, work, {}};
  }
  std::vector<Choice> list;
  for (auto& [what, choice] : all) list.push_back(std::move(choice));
  return list;
}

// The largest difference of two results over the largest value of the first; infinite where one is
// not finite.
double difference_of(const std::vector<float>& first, const std::vector<float>& other) {
  double largest = 0, difference = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    const double apart = std::fabs(double{first[i]} - double{other[i]});
    if (!(apart <= std::numeric_limits<float>::max())) return INFINITY;
    difference = std::max(difference, apart);
    largest = std::max(largest, std::fabs(double{first[i]}));
  }
  return difference == 0 ? 0 : difference / largest;
}

// The median time of a node with that variant, and its result. One that is far slower than the best
// is run once.
double time_variant(Device& device, const Plan& plan, const Choice& choice,
                    const std::string& variant, double budget, double best,
                    std::vector<float>& result) {
  KernelTraits traits = kernel_traits(device.info());
  traits.tuned = {{choice.tunable.what, variant}};
  set_kernel_traits(device.info(), traits);
  NodeRun node(device, plan, *choice.node);
  node.run();  // warms up
  result = node.result();
  std::vector<double> times{node.run()};
  if (times.front() > 2 * best) return times.front();
  for (double spent = times.front(); times.size() < 3 || spent < budget; spent += times.back()) {
    times.push_back(node.run());
  }
  return spread_of(std::move(times)).median;
}

void measure(Device& device, const Plan& plan, Choice& choice, double budget) {
  double best = std::numeric_limits<double>::infinity();
  std::vector<float> first, result;
  for (const std::string& variant : choice.tunable.variants) {
    const double seconds = time_variant(device, plan, choice, variant, budget, best, result);
    if (first.empty()) first = result;
    choice.timed.push_back({variant, seconds, difference_of(first, result)});
    if (choice.timed.back().right()) best = std::min(best, seconds);
  }
  std::stable_sort(choice.timed.begin(), choice.timed.end(), [](const Timed& a, const Timed& b) {
    return std::pair(!a.right(), a.seconds) < std::pair(!b.right(), b.seconds);
  });
}

void print(const Choice& choice) {
  fmt::print("{}\n", choice.tunable.what);
  for (const Timed& timed : choice.timed) {
    fmt::print("  {:<28} {:>10.3f} ms {:>9.1f} GFLOP/s{}\n", timed.variant, 1e3 * timed.seconds,
               1e-9 * choice.work / timed.seconds,
               timed.right() ? "" : "  wrong: its results differ from the first variant's");
  }
}

Json to_json(const Choice& choice) {
  Json item{{"what", choice.tunable.what}, {"flops", choice.work}, {"variants", Json::array()}};
  for (const Timed& timed : choice.timed) {
    item["variants"].push_back({{"variant", timed.variant},
                                {"seconds", timed.seconds},
                                {"difference", timed.difference}});
  }
  return item;
}

Json header(const DeviceInfo& device) {
  return {{"device", device.name},
          {"driver", device.driver},
          {"file", tuning_path(device).string()}};
}

void print(const Json& document) {
  fmt::print("{}\n", document.dump(1, ' ', false, Json::error_handler_t::replace));
}

// What later runs on the device will take.
void show(const DeviceInfo& device, bool json) {
  const KernelTraits traits = kernel_traits(device);
  if (json) {
    Json document = header(device);
    document["tuned"] = traits.tuned;
    document["ignored"] = traits.tuning_ignored;
    return print(document);
  }
  fmt::print("{} ({}): {} kernels tuned\n{}", device.name, device.driver, traits.tuned.size(),
             tuned_lines(traits.tuned));
  if (!traits.tuning_ignored.empty()) fmt::print("{}\n", traits.tuning_ignored);
}

StepPlan plan_of(const Options& options, const DeviceInfo& device) {
  RunConfig config;
  config.model = read_model_config(options.model);
  config.precision = options.precision;
  config.train.batch_size = options.batch;
  config.evaluate.clear();
  if (config.model.init_logit_bias) config.train.loss = "siglip";
  return plan_step(config, device);
}

void tune(Device& device, const Options& options) {
  const DeviceInfo& info = device.info();
  TunedKernels kernels = kernel_traits(info).tuned;  // what is known of other models stays
  const StepPlan step = plan_of(options, info);
  save_tuning(info, kernels);  // fails before anything is measured
  Json document = header(info);
  if (!options.json) fmt::print("{} ({}), fastest first\n", info.name, info.driver);
  for (Choice& choice : choices_of(step, info)) {
    measure(device, step.plan, choice, options.seconds);
    kernels[choice.tunable.what] = choice.timed.front().variant;
    save_tuning(info, kernels);
    document["kernels"].push_back(to_json(choice));
    if (!options.json) print(choice);
  }
  if (options.json) return print(document);
  fmt::print("kept in {}\n", tuning_path(info).string());
}

void run(const Options& options) {
  const std::unique_ptr<Device> device = open_device(options.device);
  if (device->info().backend != "vulkan") {
    fail<ConfigError>("tune: {} has no variants to choose from; pass a Vulkan device, such as "
                      "--device vulkan.",
                      device->info().name);
  }
  if (options.list) return show(device->info(), options.json);
  tune(*device, options);
}

const Command command([](CLI::App& program) {
  CLI::App* tune = program.add_subcommand(
      "tune",
      "Times the variants of kernels that a Vulkan device can run, on the nodes of a model's\n"
      "training step, and keeps the fastest of those with the same results on disk for later runs\n"
      "on that device");
  const auto options = std::make_shared<Options>();
  add_device_options(*tune, options->device);
  tune->add_option("--model", options->model, "YAML file with the model")->capture_default_str();
  tune->add_option("--precision", options->precision, "fp32, bf16 or fp16")->capture_default_str();
  tune->add_option("--batch", options->batch, "pairs a step")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  tune->add_option("--seconds", options->seconds, "time for each variant of each kernel")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  tune->add_flag("--list", options->list, "only show what was tuned before");
  tune->add_flag("--json", options->json, "print one JSON document");
  tune->callback([options] { run(*options); });
});

}  // namespace

}  // namespace tandem
