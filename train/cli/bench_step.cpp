#include "core/error.h"
#include "core/philox.h"
#include "train/cli/checks.h"
#include "train/cli/command.h"
#include "train/cli/device_options.h"
#include "train/cli/matmul_peak.h"
#include "train/cli/parent.h"
#include "train/cli/spread.h"
#include "train/config/read.h"
#include "train/data/patch_dropout.h"
#include "train/precision.h"
#include "train/profile/op_times.h"
#include "train/step_plan.h"
#include "train/train_step.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <ctime>
#include <memory>

#include <sys/resource.h>

namespace tandem {

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string model;
  DeviceChoice device;
  std::string precision = "fp32";
  int64_t batch = 64;
  int64_t accum_freq = 1;
  int64_t steps = 10;
  int64_t warmup = 3;
  bool checkpointing = false;
  bool json = false;
  bool ops = false;
};

// Random pictures and texts; only the sizes matter.
PairArrays synthetic(const ClipConfig& config, int64_t batch) {
  Random random(1, 0, 0, RandomUse::test);
  PairArrays arrays;
  const int64_t side = config.vision_cfg.image_size;
  arrays.pixels.resize(static_cast<size_t>(batch * 3 * side * side));
  for (float& value : arrays.pixels) value = random.uniform(-1, 1);
  const int64_t T = config.text_cfg.context_length;
  const auto end = static_cast<int32_t>(config.text_cfg.vocab_size - 1);
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t t = 0; t < T; ++t) {
      const auto id = static_cast<int32_t>(random.below(static_cast<uint32_t>(end)));
      arrays.texts.ids.push_back(t + 1 == T ? end : id);
    }
  }
  arrays.texts.prepare(config.text_cfg);
  const VisionConfig& vision = config.vision_cfg;
  if (vision.kept_patches() < vision.patches()) {
    const int64_t kept = vision.kept_tokens();
    arrays.kept_tokens.resize(static_cast<size_t>(batch * kept));
    for (int64_t n = 0; n < batch; ++n) {
      keep_patches(random, n, {vision.patches(), vision.class_token},
                   std::span(arrays.kept_tokens).subspan(n * kept, kept));
    }
  }
  return arrays;
}

// The time of a step by op, in as many more steps as were timed.
void print_ops(TrainStep& step, const RunConfig& config, const PairArrays& batch,
               const Options& options, const DeviceInfo& device, double peak) {
  const std::vector<NodeCost> costs = plan_step(config, device).costs;
  OpTimes ops;
  for (int64_t i = 0; i < options.steps; ++i) ops.add(step.profile(batch, {.lr = 0, .t = 1}), costs);
  fmt::print("{}", ops.table(peak));
}

// Operations of matrix products that a step needs; what checkpointing or accumulation does again is
// not counted.
double needed_flops(RunConfig config, const DeviceInfo& device) {
  config.train.batch_size = config.train.step_pairs();
  config.train.accum_freq = 1;
  config.train.grad_checkpointing = false;
  config.evaluate.clear();
  double flops = 0;
  for (const NodeCost& node : plan_step(config, device).costs) flops += node.cost.flops;
  return flops;
}

// The share of the device's matmul peak that a step reaches. On the CPU in processor seconds, which
// other programs don't change.
double utilisation(double flops, const MatmulPeak& peak, const DeviceInfo& device, double seconds,
                   double processor_seconds) {
  if (device.backend == "cpu") return flops / processor_seconds / peak.of_processor;
  return flops / seconds / peak.of_device;
}

int64_t resident_peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

void run(const Options& options) {
  RunConfig config;
  config.model = read_model_config(options.model);
  config.precision = options.precision;
  const ClipConfig& model = config.model;
  const auto device = open_device(options.device);
  TrainConfig& train = config.train;
  train.batch_size = options.batch;
  train.accum_freq = options.accum_freq;
  train.grad_checkpointing = options.checkpointing;
  if (model.init_logit_bias) train.loss = "siglip";
  const auto start = Clock::now();
  Variables variables(*device);
  TrainStep step(model, train, options.batch, variables,
                 {.precision = precision_named(options.precision)});
  variables.initialize(0);
  const PairArrays batch = synthetic(model, train.step_pairs());
  std::vector<double> seconds;
  std::vector<double> processor;  // seconds of all threads together
  double first = 0;
  for (int64_t i = 0; i < options.warmup + options.steps; ++i) {
    const std::clock_t busy = std::clock();
    const double time = seconds_of([&] {
      const double loss = step.result(step.run(batch, {.lr = 1e-4, .t = i + 1})).loss;
      if (!(loss == loss)) fail<Error>("bench step: the loss is not a number.");
    });
    if (i == 0) first = std::chrono::duration<double>(Clock::now() - start).count();
    if (i < options.warmup) continue;
    seconds.push_back(time);
    processor.push_back(static_cast<double>(std::clock() - busy) / CLOCKS_PER_SEC);
  }
  const Spread spread = spread_of(seconds);
  const double rate = static_cast<double>(train.step_pairs()) / spread.median;
  const double busy = spread_of(processor).median;
  const MemoryReport memory = step.memory();
  const int64_t resident = resident_peak_bytes();
  const MatmulPeak peak = measure_matmul_peak(*device, precision_named(options.precision));
  const double flops = needed_flops(config, device->info());
  const double share = utilisation(flops, peak, device->info(), spread.median, busy);
  nlohmann::ordered_json document{
      {"model", options.model},
      {"device", device->info().name},
      {"precision", options.precision},
      {"batch", options.batch},
      {"accum_freq", options.accum_freq},
      {"pairs_per_second", rate},
      {"first_step_seconds", first},
      {"peak_bytes", memory.peak()},
      {"activation_bytes", memory.activations},
      {"resident_peak_bytes", resident},
      {"kernels", step.kernels()},
      {"flops", flops},
      {"peak_gflops", 1e-9 * peak.of_device},
      {"model_flop_utilisation", share}};
  add_spread(document, "step_seconds", spread);
  add_spread(document, "processor_seconds", spread_of(processor));
  if (options.json) {
    fmt::print("{}\n", document.dump(1));
    return;
  }
  fmt::print(
      "{} on {}, {}, batch {}: {:.1f} pairs/s (median of {} steps, quartiles {:.1f} to {:.1f} "
      "ms)\n",
      options.model, device->info().name, options.precision, batch_text(train), rate, spread.runs,
      1e3 * spread.low, 1e3 * spread.high);
  fmt::print("planned peak {:.1f} MB ({:.1f} MB of activations), resident {:.1f} MB\n",
             1e-6 * static_cast<double>(memory.peak()),
             1e-6 * static_cast<double>(memory.activations),
             1e-6 * static_cast<double>(resident));
  fmt::print("{:.1f} GFLOP a step, {:.0f} % of the matmul peak ({:.1f} GFLOP/s)\n", 1e-9 * flops,
             100 * share, 1e-9 * peak.of_device);
  if (options.ops) print_ops(step, config, batch, options, device->info(), peak.of_device);
}

void add_bench_step(CLI::App& program) {
  CLI::App& bench = parent_command(program, "bench", "Measures how fast this machine is");
  CLI::App* command =
      bench.add_subcommand("step", "Times whole training steps of a model on synthetic data");
  const auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "YAML file with the model")->required();
  command->add_option("--batch", options->batch, "pairs a step, or a micro-batch of it")
      ->capture_default_str()
      ->check(whole_number(1));
  command->add_option("--accum-freq", options->accum_freq, "micro-batches of a step")
      ->capture_default_str()
      ->check(whole_number(1));
  add_device_options(*command, options->device);
  command->add_option("--precision", options->precision, "fp32, bf16 or fp16")->capture_default_str();
  command->add_option("--steps", options->steps, "steps timed")->check(whole_number(1));
  command->add_option("--warmup", options->warmup, "steps before, not timed")
      ->check(whole_number(0));
  command->add_flag("--grad-checkpointing", options->checkpointing,
                    "compute activations of blocks again instead of keeping them");
  command->add_flag("--ops", options->ops, "also print the time of each op");
  command->add_flag("--json", options->json, "print one JSON document");
  command->callback([options] { run(*options); });
}

const Command bench_step(add_bench_step);

}  // namespace

}  // namespace tandem
