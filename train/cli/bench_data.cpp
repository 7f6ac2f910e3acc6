// `tandem bench data`: how fast threads decode and augment a config's pictures.
#include "core/philox.h"
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/cli/spread.h"
#include "train/config/read.h"
#include "train/data/augment.h"
#include "train/data/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>

namespace tandem {

namespace {

struct Options {
  std::string config;
  std::vector<std::string> overrides;
  int64_t pictures = 256;
  double seconds = 2;
  std::vector<int> threads{1};
  bool json = false;
};

struct Rates {
  int threads = 1;
  Spread decode, augment, both;  // pictures a second, of all threads together
};

// The pictures of a config, and what one thread does to one of them.
class Work {
 public:
  Work(const RunConfig& config, std::vector<TableRow> rows)
      : config_(config),
        rows_(std::move(rows)),
        decode_(decode_for_training(config.data, size())),
        normalization_(normalization_of(config.data)),
        fit_(fit_of(config.data)),
        images_(rows_.size()) {}

  Rates measure(int threads, double budget) {
    const auto each = [&](const auto& body) {
      return time_runs(budget, [&] { spread_over(threads, body); })
          .rate(static_cast<double>(rows_.size()));
    };
    const auto decode = [&](size_t i, Thread&) {
      images_[i] = load_image(rows_[i].image, decode_);
    };
    const auto augment = [&](size_t i, Thread& thread) { change(images_[i], i, thread); };
    Rates rates{.threads = threads};
    rates.decode = each(decode);
    rates.augment = each(augment);
    rates.both = each([&](size_t i, Thread& thread) {
      change(load_image(rows_[i].image, decode_), i, thread);
    });
    return rates;
  }

 private:
  struct Thread {
    std::vector<float> out;
    AugmentScratch scratch;
  };

  int64_t size() const { return config_.model.vision_cfg.image_size; }

  void change(const Image& image, size_t which, Thread& thread) const {
    augment(image, size(), config_.data.augment, decode_.alpha, normalization_,
            Random(config_.seed, 0, static_cast<uint32_t>(which), RandomUse::augment), thread.out,
            thread.scratch, fit_);
  }

  // body(picture, thread) for all pictures; the next goes to whichever thread is done first.
  template <class Body>
  void spread_over(int threads, const Body& body) {
    std::atomic<size_t> next = 0;
    std::vector<std::future<void>> all;
    for (int i = 0; i < threads; ++i) {
      all.push_back(std::async(std::launch::async, [&] {
        Thread thread{std::vector<float>(static_cast<size_t>(3 * size() * size())), {}};
        for (size_t at = next++; at < rows_.size(); at = next++) body(at, thread);
      }));
    }
    for (std::future<void>& done : all) done.get();
  }

  const RunConfig& config_;
  std::vector<TableRow> rows_;
  DecodeOptions decode_;
  Normalization normalization_;
  Fit fit_;
  std::vector<Image> images_;
};

void print(const Rates& rates) {
  for (const auto& [name, rate] : {std::pair("decode", rates.decode),
                                   std::pair("augment", rates.augment),
                                   std::pair("both", rates.both)}) {
    fmt::print("{:<8} {:>9.1f} pictures/s by {} thread{} (median of {} passes, quartiles {:.1f} to "
               "{:.1f})\n",
               name, rate.median, rates.threads, rates.threads == 1 ? "" : "s", rate.runs, rate.low,
               rate.high);
  }
}

nlohmann::ordered_json to_json(const Rates& rates) {
  nlohmann::ordered_json item{{"threads", rates.threads}};
  add_spread(item, "decode_pictures_per_second", rates.decode);
  add_spread(item, "augment_pictures_per_second", rates.augment);
  add_spread(item, "both_pictures_per_second", rates.both);
  return item;
}

void run(const Options& options) {
  std::vector<std::string> overrides = options.overrides;
  const RunConfig config = read_run_config(options.config, overrides);
  std::vector<TableRow> rows = rows_of_split(read_table(config.data.table), config.data.split);
  rows.resize(std::min(rows.size(), static_cast<size_t>(options.pictures)));
  nlohmann::ordered_json document{{"config", config.name},
                                  {"pictures", rows.size()},
                                  {"image_size", config.model.vision_cfg.image_size}};
  Work work(config, std::move(rows));
  for (const int threads : options.threads) {
    const Rates rates = work.measure(threads, options.seconds);
    document["rates"].push_back(to_json(rates));
    if (!options.json) print(rates);
  }
  if (options.json) fmt::print("{}\n", document.dump(1));
}

const Command bench_data([](CLI::App& program) {
  CLI::App& parent = parent_command(program, "bench", "Measures how fast this machine is");
  CLI::App* command = parent.add_subcommand(
      "data", "Decodes and augments pictures of a config by threads, from the system's cache");
  const auto options = std::make_shared<Options>();
  command->add_option("config", options->config, "the run's YAML file")->required();
  command->add_option("--set", options->overrides, "change one value of the config")
      ->allow_extra_args(false);
  command->add_option("--pictures", options->pictures, "the first so many of the split")
      ->check(CLI::Range(1, 1 << 20));
  command->add_option("--threads", options->threads, "how many at a time; several, as 1,2,4")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1024));
  command->add_option("--seconds", options->seconds, "time for each")
      ->check(CLI::Range(0.0, 3600.0));
  command->add_flag("--json", options->json, "print one JSON document");
  command->callback([options] { run(*options); });
});

}  // namespace

}  // namespace tandem
