// `tandem bench tokenize`: how fast one core turns lines of text into token ids.
#include "core/error.h"
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/cli/spread.h"
#include "train/text/read_captions.h"
#include "train/text/tokenizer.h"

#include <fmt/core.h>

#include <memory>

namespace tandem {

namespace {

struct Options {
  std::string file, tokenizer;
  double seconds = 2;
  bool json = false;
};

std::unique_ptr<Tokenizer> open(const Options& options) {
  return options.tokenizer.empty() ? clip_tokenizer() : read_tokenizer(options.tokenizer);
}

// Each pass is a new tokenizer's, which has no word in its cache yet.
Spread seconds_a_pass(const Options& options, const std::vector<std::string>& captions,
                      size_t& ids) {
  std::vector<double> times;
  for (double spent = 0; times.size() < 3 || spent < options.seconds;) {
    const auto tokenizer = open(options);
    ids = 0;
    times.push_back(seconds_of([&] {
      for (const std::string& caption : captions) ids += tokenizer->encode(caption).size();
    }));
    spent += times.back();
  }
  return spread_of(std::move(times));
}

void run(const Options& options) {
  const std::vector<std::string> captions = read_captions(options.file, "");
  if (captions.empty()) fail<DataError>("{}: there is no text in it.", options.file);
  double bytes = 0;
  size_t ids = 0;
  for (const std::string& caption : captions) bytes += static_cast<double>(caption.size());
  const Spread spread = seconds_a_pass(options, captions, ids).rate(bytes / 1e6);
  if (options.json) {
    nlohmann::ordered_json document{{"captions", captions.size()}, {"bytes", bytes}, {"ids", ids}};
    add_spread(document, "megabytes_per_second", spread);
    fmt::print("{}\n", document.dump(1));
    return;
  }
  fmt::print(
      "{} captions, {} ids: {:.1f} MB/s on one core (median of {} passes, quartiles {:.1f} to "
      "{:.1f})\n",
      captions.size(), ids, spread.median, spread.runs, spread.low, spread.high);
}

const Command bench_tokenize([](CLI::App& program) {
  CLI::App& parent = parent_command(program, "bench", "Measures how fast this machine is");
  CLI::App* command =
      parent.add_subcommand("tokenize", "Turns captions into token ids on one core");
  const auto options = std::make_shared<Options>();
  command->add_option("file", options->file, "a table, or a text file with a caption a line")
      ->required();
  command->add_option("--tokenizer", options->tokenizer, "as of `tandem tokenize`");
  command->add_option("--seconds", options->seconds, "time to measure for")
      ->check(CLI::Range(0.0, 3600.0));
  command->add_flag("--json", options->json, "print one JSON document");
  command->callback([options] { run(*options); });
});

}  // namespace

}  // namespace tandem
