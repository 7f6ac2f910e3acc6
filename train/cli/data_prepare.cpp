// tandem data prepare emoji: makes a data set to train on.
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/data/emoji.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace tandem {
namespace {

struct PrepareOptions : EmojiOptions {
  PrepareOptions()
      : EmojiOptions{.packages = "data/packages",
                     .split = "configs/data/emoji_split.json",
                     .out = "data/emoji"} {}

  bool json = false;
};

void prepare(const PrepareOptions& options) {
  const auto summary = prepare_emoji(options);
  if (options.json) {
    fmt::print(
        "{}\n",
        nlohmann::json{{"table", summary.table.string()}, {"splits", summary.pictures}}.dump());
    return;
  }
  for (const auto& [split, count] : summary.pictures) fmt::print("{:>6}  {}\n", count, split);
  fmt::print("{}\n", summary.table.string());
}

void add_data_prepare(CLI::App& program) {
  const auto options = std::make_shared<PrepareOptions>();
  auto& data = parent_command(program, "data", "Make or look at data sets");
  auto& prepare_command = parent_command(data, "prepare", "Make a data set to train on");
  auto* emoji = prepare_command.add_subcommand(
      "emoji", "Draw the emoji of five npm packages, with captions and splits");
  emoji->add_option("--packages", options->packages,
                    "unpacked packages, as train/fetch_emoji.sh leaves them (data/packages)");
  emoji->add_option("--split", options->split,
                    "JSON lists of code points: train, val, test (configs/data/emoji_split.json)");
  emoji->add_option("--out", options->out,
                    "folder for the pictures and emoji.jsonl (data/emoji)");
  emoji->add_option("--size", options->size, "pixels of a picture's shorter side (96)");
  emoji->add_flag("--json", options->json, "print the counts as JSON");
  emoji->callback([options] { prepare(*options); });
}

const Command command(add_data_prepare);

}  // namespace
}  // namespace tandem
