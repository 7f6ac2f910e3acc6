// English names and keywords of emoji, from emojibase-data, and captions made of them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tandem {

struct EmojiTexts {
  std::string name;      // Unicode's: "grinning face"
  std::string category;  // "smiling"; empty where emojibase has none
  // The first is category and name, "smiling: grinning face". The others are other names in use,
  // the name with some of its keywords ("grinning face, cheery, smile"), and keywords alone
  // ("cheery smile").
  std::vector<std::string> captions;
};

// By concept code (see concept_code). `folder` is the unpacked package. Throws DataError if it is
// missing or of another form.
std::map<std::string, EmojiTexts> emoji_texts(const std::filesystem::path& folder);

// The captions made from one emoji's name, category, keywords, and other names, each caption once.
std::vector<std::string> caption_variants(const std::string& name, const std::string& category,
                                          const std::vector<std::string>& keywords,
                                          const std::vector<std::string>& other_names);

}  // namespace tandem
