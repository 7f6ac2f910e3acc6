// tandem tokenizer train FILE... --vocab-size N --out FILE: learns a byte-level BPE from captions.
#include "core/error.h"
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/cli/table_options.h"
#include "train/data/write_file.h"
#include "train/text/bpe.h"
#include "train/text/read_captions.h"

namespace tandem {
namespace {

struct TrainOptions {
  std::vector<std::string> files;
  int64_t vocab_size = 4096;
  int64_t min_count = 2;
  std::string split;
  TableFormat format;
  std::string out;
};

void train_tokenizer(const TrainOptions& options) {
  std::vector<std::string> captions;
  for (const auto& file : options.files) {
    auto more = read_captions(file, options.split, options.format);
    std::move(more.begin(), more.end(), std::back_inserter(captions));
  }
  if (captions.empty())
    fail<DataError>("tokenizer train: there is no caption in {}{}.", options.files.front(),
                    options.split.empty() ? "" : " for split '" + options.split + "'");
  const auto tokenizer = train_bpe(captions, options.vocab_size, options.min_count);
  write_file(options.out, tokenizer->serialize() + '\n');
  fmt::print("{}: {} ids from {} captions\n", options.out, tokenizer->vocab_size(),
             captions.size());
}

void add_tokenizer_train(CLI::App& program) {
  const auto options = std::make_shared<TrainOptions>();
  auto& parent = parent_command(program, "tokenizer", "Make a tokenizer");
  auto* command = parent.add_subcommand("train", "Learn a byte-level BPE from captions");
  command->add_option("file", options->files, "tables of any kind, or text files with a caption a line")
      ->required();
  command->add_option("--vocab-size", options->vocab_size,
                      "ids at most, with 512 bytes, start and end (default 4096)");
  command->add_option("--min-count", options->min_count,
                      "how often a pair must occur to be merged (default 2)");
  command->add_option("--split", options->split, "rows of the tables to use (default: all)");
  add_format_options(*command, options->format);
  command->add_option("--out", options->out, "the JSON file to write")->required();
  command->callback([options] { train_tokenizer(*options); });
}

const Command command(add_tokenizer_train);

}  // namespace
}  // namespace tandem
