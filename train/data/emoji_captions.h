// English names and keywords of emoji, from emojibase-data and emojilib, and captions made of them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tandem {

struct EmojiTexts {
  // The first is Unicode's name ("grinning face"). The others are other names in use, the name with
  // some of its keywords ("grinning face, cheery, smile"), and keywords alone ("cheery smile").
  std::vector<std::string> captions;
  std::vector<std::string> keywords;  // what the name does not say, each once ("cheery", "smile")
};

// By concept code (see concept_code), from the folder with both unpacked packages. Throws DataError
// if one is missing or of another form.
std::map<std::string, EmojiTexts> emoji_texts(const std::filesystem::path& packages);

// The captions made from one emoji's name, keywords, and other names, each caption once.
std::vector<std::string> caption_variants(const std::string& name,
                                          const std::vector<std::string>& keywords,
                                          const std::vector<std::string>& other_names);

// Keywords that the name does not say, each once: emojibase's as they are, then those of emojilib
// that are words ("cheese_wedge" as "cheese wedge").
std::vector<std::string> emoji_keywords(const std::string& name,
                                        const std::vector<std::string>& emojibase,
                                        const std::vector<std::string>& emojilib);

}  // namespace tandem
