// The emoji data set: the same thousand concepts drawn in five styles, with captions. Three styles
// are for training; two, and a part of the concepts, are kept unseen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace tandem {

struct EmojiOptions {
  std::filesystem::path packages;  // unpacked npm packages, as train/fetch_emoji.sh leaves them
  std::filesystem::path split;     // JSON: concept codes in "train", "val", "test"
  std::filesystem::path out;
  int64_t size = 96;  // pixels of a picture's shorter side, in [8, 4096]
};

struct EmojiSummary {
  std::filesystem::path table;
  std::map<std::string, int64_t> pictures;  // by split
};

// Draws every concept of the split in each style that has it, as out/<style>/<code>.png, and then
// writes the table out/emoji.jsonl. Splits: `train` and `val_<style>` for noto, twemoji and
// openmoji; `seen_fluent`, `seen_emojione` for train concepts in the unseen styles;
// `val_<style>` and `test_<style>` for the others (`fluent` for fluent-emoji-flat). A row has
// `captions`, of which the first is its `category` and `name`; rows of one concept share a group.
// Throws ConfigError for a size out of range and DataError for a package or split that is missing
// or damaged, and for a picture that can't be drawn.
EmojiSummary prepare_emoji(const EmojiOptions& options);

}  // namespace tandem
