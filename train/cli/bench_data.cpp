// `tandem bench data`: how fast one core decodes and augments a config's pictures.
#include "core/philox.h"
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/cli/spread.h"
#include "train/config/read.h"
#include "train/data/augment.h"
#include "train/data/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>

namespace tandem {

namespace {

struct Options {
  std::string config;
  std::vector<std::string> overrides;
  int64_t pictures = 256;
  double seconds = 2;
  bool json = false;
};

struct Rates {
  Spread decode, augment, both;  // pictures a second
};

Rates measure(const RunConfig& config, const std::vector<TableRow>& rows, double budget) {
  const int64_t size = config.model.vision_cfg.image_size;
  const DecodeOptions decode{alpha_from_name(config.data.alpha), config.data.max_pixels};
  const Normalization normalization = normalization_of(config.data);
  const Fit fit = fit_of(config.data);
  std::vector<float> out(static_cast<size_t>(3 * size * size));
  AugmentScratch scratch;
  const auto change = [&](const Image& image, size_t which) {
    augment(image, size, config.data.augment, decode.alpha, normalization,
            Random(config.seed, 0, static_cast<uint32_t>(which), RandomUse::augment), out, scratch,
            fit);
  };
  std::vector<Image> images(rows.size());
  const auto decode_all = [&] {
    for (size_t i = 0; i < rows.size(); ++i) images[i] = load_image(rows[i].image, decode);
  };
  const auto augment_all = [&] {
    for (size_t i = 0; i < images.size(); ++i) change(images[i], i);
  };
  const auto work = static_cast<double>(rows.size());
  Rates rates;
  rates.decode = time_runs(budget, decode_all).rate(work);
  rates.augment = time_runs(budget, augment_all).rate(work);
  rates.both = time_runs(budget, [&] {
                 for (size_t i = 0; i < rows.size(); ++i) {
                   change(load_image(rows[i].image, decode), i);
                 }
               }).rate(work);
  return rates;
}

void run(const Options& options) {
  std::vector<std::string> overrides = options.overrides;
  const RunConfig config = read_run_config(options.config, overrides);
  std::vector<TableRow> rows = rows_of_split(read_table(config.data.table), config.data.split);
  rows.resize(std::min(rows.size(), static_cast<size_t>(options.pictures)));
  const Rates rates = measure(config, rows, options.seconds);
  nlohmann::ordered_json document{{"config", config.name},
                                  {"pictures", rows.size()},
                                  {"image_size", config.model.vision_cfg.image_size}};
  for (const auto& [name, rate] :
       {std::pair("decode", rates.decode), std::pair("augment", rates.augment),
        std::pair("both", rates.both)}) {
    add_spread(document, fmt::format("{}_pictures_per_second", name), rate);
    if (options.json) continue;
    fmt::print("{:<8} {:>9.1f} pictures/s on one core (median of {} passes, quartiles {:.1f} to "
               "{:.1f})\n",
               name, rate.median, rate.runs, rate.low, rate.high);
  }
  if (options.json) fmt::print("{}\n", document.dump(1));
}

const Command bench_data([](CLI::App& program) {
  CLI::App& parent = parent_command(program, "bench", "Measures how fast this machine is");
  CLI::App* command = parent.add_subcommand(
      "data", "Decodes and augments pictures of a config on one core, from the system's cache");
  const auto options = std::make_shared<Options>();
  command->add_option("config", options->config, "the run's YAML file")->required();
  command->add_option("--set", options->overrides, "change one value of the config");
  command->add_option("--pictures", options->pictures, "the first so many of the split")
      ->check(CLI::Range(1, 1 << 20));
  command->add_option("--seconds", options->seconds, "time for each")
      ->check(CLI::Range(0.0, 3600.0));
  command->add_flag("--json", options->json, "print one JSON document");
  command->callback([options] { run(*options); });
});

}  // namespace

}  // namespace tandem
