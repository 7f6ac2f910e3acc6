// `tandem bench gemm`: how fast a device multiplies matrices of the sizes that training needs.
#include "core/error.h"
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/cli/product_run.h"
#include "train/cli/spread.h"
#include "train/precision.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace tandem {

namespace {

// A linear layer: `rows` inputs of `from` channels to `to` channels.
struct Layer {
  std::string name;
  int64_t rows, from, to;
};

const std::vector<Layer> layers{
    {"512", 512, 512, 512},
    {"1024", 1024, 1024, 1024},
    {"emoji out, batch 128", 8320, 128, 128},
    {"emoji qkv, batch 128", 8320, 128, 384},
    {"emoji mlp in, batch 128", 8320, 128, 512},
    {"emoji mlp out, batch 128", 8320, 512, 128},
    {"ViT-B/32 out, batch 32", 1600, 768, 768},
    {"ViT-B/32 qkv, batch 32", 1600, 768, 2304},
    {"ViT-B/32 mlp in, batch 32", 1600, 768, 3072},
    {"ViT-B/32 mlp out, batch 32", 1600, 3072, 768},
};

struct Options {
  std::string device = "auto";
  int threads = 0;
  std::string precision = "fp32";
  double seconds = 0.5;
  std::vector<std::string> shapes;
  bool json = false;
};

struct Timing {
  std::string layer;
  const char* kind;  // "NT", "NN" or "TN"
  MatmulShape shape;
  Spread gflops;  // a second
};

Timing measure(Device& device, const Layer& layer, const char* kind, const MatmulShape& shape,
               DType dtype, double budget) {
  ProductRun product(device, shape, {.in = dtype});
  const Spread seconds = time_runs(budget, [&] { product.run(); });
  return {layer.name, kind, shape, seconds.rate(shape.flops() / 1e9)};
}

Layer parse_shape(const std::string& text) {
  Layer layer{text, 0, 0, 0};
  int length = 0;
  const int found =
      std::sscanf(text.c_str(), "%ldx%ldx%ld%n", &layer.rows, &layer.from, &layer.to, &length);
  constexpr int64_t most = 1 << 20;
  const auto allowed = [](int64_t side) { return side >= 1 && side <= most; };
  if (found != 3 || static_cast<size_t>(length) != text.size() || !allowed(layer.rows) ||
      !allowed(layer.from) || !allowed(layer.to)) {
    fail<ConfigError>(
        "bench gemm: '{}' is no shape; expected ROWSxFROMxTO, for example "
        "1600x768x3072, each at most {}.",
        text, most);
  }
  return layer;
}

void print(const std::vector<Timing>& timings, double best) {
  fmt::print("{:<28} {:<4} {:>6} {:>6} {:>6} {:>9} {:>15} {:>6}\n", "layer", "kind", "m", "n", "k",
             "GFLOP/s", "quartiles", "share");
  for (const Timing& t : timings) {
    const Spread& rate = t.gflops;
    fmt::print("{:<28} {:<4} {:>6} {:>6} {:>6} {:>9.1f} {:>7.1f} {:>7.1f} {:>5.0f}%\n", t.layer,
               t.kind, t.shape.m, t.shape.n, t.shape.k, rate.median, rate.low, rate.high,
               100 * rate.median / best);
  }
}

nlohmann::ordered_json to_json(const Timing& t, double best) {
  nlohmann::ordered_json item{{"layer", t.layer}, {"kind", t.kind},   {"m", t.shape.m},
                              {"n", t.shape.n},   {"k", t.shape.k},   {"runs", t.gflops.runs}};
  add_spread(item, "gflops", t.gflops);
  item["share"] = t.gflops.median / best;
  return item;
}

void run(const Options& options) {
  std::vector<Layer> chosen;
  for (const std::string& text : options.shapes) chosen.push_back(parse_shape(text));
  if (chosen.empty()) chosen = layers;
  DeviceOptions how;
  how.threads = options.threads;
  const DType dtype = precision_named(options.precision);
  const std::unique_ptr<Device> device = open_device(options.device, how);
  std::vector<Timing> timings;
  double best = 0;
  for (const Layer& l : chosen) {
    // Forward x W', then the gradients of x and of W.
    const std::pair<const char*, MatmulShape> kinds[] = {
        {"NT", {.m = l.rows, .n = l.to, .k = l.from, .transpose_b = true}},
        {"NN", {.m = l.rows, .n = l.from, .k = l.to}},
        {"TN", {.m = l.to, .n = l.from, .k = l.rows, .transpose_a = true}}};
    for (const auto& [kind, shape] : kinds) {
      timings.push_back(measure(*device, l, kind, shape, dtype, options.seconds));
      best = std::max(best, timings.back().gflops.median);
    }
  }
  if (!options.json) {
    fmt::print("{} ({}), {}\n", device->info().name, device->info().driver, options.precision);
    return print(timings, best);
  }
  nlohmann::ordered_json document{{"device", device->info().name},
                                  {"precision", options.precision},
                                  {"best_gflops", best},
                                  {"products", nlohmann::ordered_json::array()}};
  for (const Timing& timing : timings) document["products"].push_back(to_json(timing, best));
  fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

const Command bench_gemm([](CLI::App& program) {
  CLI::App& parent = parent_command(program, "bench", "Measure speed");
  CLI::App* command = parent.add_subcommand(
      "gemm", "Matrix products of real models: median GFLOP/s, quartiles, share of the best");
  auto options = std::make_shared<Options>();
  command->add_option("--device", options->device, "auto, cpu, or vulkan:<index, name or uuid>");
  command->add_option("--threads", options->threads, "CPU threads; 0 takes one a core")
      ->check(CLI::Range(0, 1024));
  command->add_option("--precision", options->precision, "fp32, bf16 or fp16: of the factors")
      ->capture_default_str();
  command->add_option("--seconds", options->seconds, "Time for each product")
      ->check(CLI::Range(0.0, 3600.0));
  command->add_option("--shape", options->shapes,
                      "ROWSxFROMxTO of a linear layer; may be repeated");
  command->add_flag("--json", options->json, "Print one JSON document");
  command->callback([options] { run(*options); });
});

}  // namespace

}  // namespace tandem
