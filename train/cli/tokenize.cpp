// tandem tokenize [--tokenizer FILE] [--json]: lines of text in, token ids out.
#include "train/cli/command.h"
#include "train/text/tokenizer.h"

#include <fmt/ranges.h>

#include <cstdio>
#include <iostream>

namespace tandem {
namespace {

struct TokenizeOptions {
  std::string tokenizer;
  bool json = false;
};

void tokenize(const TokenizeOptions& options) {
  const auto tokenizer =
      options.tokenizer.empty() ? clip_tokenizer() : read_tokenizer(options.tokenizer);
  for (std::string line; std::getline(std::cin, line);) {
    const auto ids = tokenizer->encode(line);
    if (options.json)
      fmt::print("{{\"ids\": [{}]}}\n", fmt::join(ids, ", "));
    else
      fmt::print("{}\n", fmt::join(ids, " "));
    std::fflush(stdout);  // a script may wait for this line before it writes its next
  }
}

void add_tokenize(CLI::App& program) {
  const auto options = std::make_shared<TokenizeOptions>();
  auto* command = program.add_subcommand(
      "tokenize", "Print the token ids of each line of standard input, without start and end");
  command->add_option(
      "--tokenizer", options->tokenizer,
      "JSON of `tandem tokenizer train`, a merge list as CLIP has it, Hugging Face's "
      "tokenizer.json, vocab.json or merges.txt, a SentencePiece model, or the "
      "folder of one (default: CLIP's own)");
  command->add_flag("--json", options->json, "one line {\"ids\": [...]} for each line of text");
  command->callback([options] { tokenize(*options); });
}

const Command command(add_tokenize);

}  // namespace
}  // namespace tandem
