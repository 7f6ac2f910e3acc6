// English captions of emoji, from emojibase-data.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tandem {

// Captions by concept code (see concept_code). The first is Unicode's name ("grinning face"). The
// others are made for training: other names in use, the name with some of its keywords ("grinning
// face, cheery, smile"), and keywords alone ("cheery smile teeth").
// `folder` is the unpacked package. Throws DataError if it is missing or of another form.
std::map<std::string, std::vector<std::string>> emoji_captions(const std::filesystem::path& folder);

// The captions made from one emoji's name, keywords, and other names, each caption once.
std::vector<std::string> caption_variants(const std::string& name,
                                          const std::vector<std::string>& keywords,
                                          const std::vector<std::string>& other_names);

}  // namespace tandem
