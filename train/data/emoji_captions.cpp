#include "train/data/emoji_captions.h"

#include "core/error.h"
#include "train/data/icon_set.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace tandem {
namespace {

using nlohmann::json;

constexpr size_t kKeywordsTogether = 3;  // so that a caption stays within a short context
// Chat programs' names, the ones with whole words first.
constexpr const char* kNameLists[] = {"emojibase", "joypixels", "iamcal", "github"};

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : lower(text) + ' ') {
    if (c != ' ' && c != ',' && c != ':' && c != '(' && c != ')') {
      word += c;
    } else if (!word.empty()) {
      words.insert(std::move(word));
      word.clear();
    }
  }
  return words;
}

// "thinking_face" as "thinking face"; empty for a name that is no words ("+1", "o2").
std::string spoken(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  std::replace(name.begin(), name.end(), '-', ' ');
  const bool words = std::all_of(name.begin(), name.end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || c == ' '; });
  return words && name.size() > 2 ? name : "";
}

std::vector<std::string> strings_of(const json& value) {
  std::vector<std::string> strings;
  if (value.is_string()) strings.push_back(value.get<std::string>());
  if (!value.is_array()) return strings;
  for (const auto& item : value)
    if (item.is_string()) strings.push_back(item.get<std::string>());
  return strings;
}

// Chat programs' names by concept code.
std::map<std::string, std::vector<std::string>> read_other_names(
    const std::filesystem::path& folder) {
  std::map<std::string, std::vector<std::string>> names;
  for (const char* list : kNameLists) {
    const auto document = read_json_file(folder / (std::string(list) + ".json"));
    for (const auto& [code, value] : document.items())
      for (auto& name : strings_of(value)) names[concept_code(code)].push_back(std::move(name));
  }
  return names;
}

std::string text_of(const json& emoji, const char* key, const std::filesystem::path& file) {
  if (!emoji.is_object() || !emoji.contains(key) || !emoji[key].is_string())
    fail<DataError>("{}: an entry lacks its {}; is this emojibase-data 17?", file.string(), key);
  return emoji[key].get<std::string>();
}

// Emojibase's subgroups ("fruit", "ground transportation") by number.
std::map<int64_t, std::string> read_categories(const std::filesystem::path& file) {
  std::map<int64_t, std::string> categories;
  const auto document = read_json_file(file);
  if (!document.contains("subgroups"))
    fail<DataError>("{}: there are no subgroups; is this emojibase-data 17?", file.string());
  for (const auto& subgroup : document["subgroups"]) {
    if (!subgroup.contains("order") || !subgroup["order"].is_number_integer())
      fail<DataError>("{}: a subgroup lacks its order; is this emojibase-data 17?", file.string());
    categories[subgroup["order"].get<int64_t>()] = text_of(subgroup, "message", file);
  }
  return categories;
}

std::string category_of(const json& emoji, const std::map<int64_t, std::string>& categories) {
  if (!emoji.contains("subgroup") || !emoji["subgroup"].is_number_integer()) return "";
  const auto found = categories.find(emoji["subgroup"].get<int64_t>());
  return found == categories.end() ? "" : found->second;
}

// The keywords that are no words of the name.
std::vector<std::string> fresh_keywords(const std::string& name,
                                        const std::vector<std::string>& keywords) {
  const auto said = words_of(name);
  std::vector<std::string> fresh;
  for (const auto& keyword : keywords)
    if (!said.contains(lower(keyword))) fresh.push_back(keyword);
  return fresh;
}

}  // namespace

std::vector<std::string> caption_variants(const std::string& name, const std::string& category,
                                          const std::vector<std::string>& keywords,
                                          const std::vector<std::string>& other_names) {
  std::vector<std::string> captions;
  std::set<std::string> seen{lower(name)};
  const auto add = [&](const std::string& caption) {
    if (!caption.empty() && seen.insert(lower(caption)).second) captions.push_back(caption);
  };
  captions.push_back(category.empty() ? name : fmt::format("{}: {}", category, name));
  for (const auto& other : other_names) add(spoken(other));

  const auto fresh = fresh_keywords(name, keywords);
  for (size_t at = 0; at < fresh.size(); at += kKeywordsTogether) {
    const auto begin = fresh.begin() + static_cast<ptrdiff_t>(at);
    const auto end =
        fresh.begin() + static_cast<ptrdiff_t>(std::min(at + kKeywordsTogether, fresh.size()));
    add(fmt::format("{}, {}", name, fmt::join(begin, end, ", ")));
    add(fmt::format("{}", fmt::join(begin, end, " ")));
  }
  return captions;
}

std::map<std::string, EmojiTexts> emoji_texts(const std::filesystem::path& folder) {
  const auto file = folder / "en" / "data.json";
  const auto document = read_json_file(file);
  const auto categories = read_categories(folder / "en" / "messages.json");
  auto other_names = read_other_names(folder / "en" / "shortcodes");
  std::map<std::string, EmojiTexts> texts;
  for (const auto& emoji : document) {
    const auto code = concept_code(text_of(emoji, "hexcode", file));
    const auto name = text_of(emoji, "label", file);
    const auto category = category_of(emoji, categories);
    const auto keywords = strings_of(emoji.value("tags", json::array()));
    texts[code] = {name, category, caption_variants(name, category, keywords, other_names[code])};
  }
  return texts;
}

}  // namespace tandem
