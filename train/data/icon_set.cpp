#include "train/data/icon_set.h"

#include "core/error.h"
#include "train/data/regular_file.h"

#include <algorithm>
#include <fstream>

namespace tandem {
namespace {

using nlohmann::json;

constexpr int kLongestAliasChain = 8;

double number_or(const json& object, const char* key, double otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : otherwise;
}

bool flag(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

const json* member(const json& object, const char* group, const std::string& name) {
  const auto members = object.find(group);
  if (members == object.end() || !members->is_object()) return nullptr;
  const auto found = members->find(name);
  return found == members->end() || !found->is_object() ? nullptr : &*found;
}

}  // namespace

// What an icon and the aliases that lead to it add up to.
struct IconSet::Icon {
  std::string body;
  double left = 0, top = 0, width = 16, height = 16;  // Iconify's defaults
  bool flip_x = false, flip_y = false;
  int quarter_turns = 0;  // clockwise
};

nlohmann::json read_json_file(const std::filesystem::path& file) {
  require_regular_file<DataError>(file.string());
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    fail<DataError>("{}: there is no such file; train/fetch_emoji.sh fetches the packages.",
                    file.string());
  auto document = json::parse(stream, nullptr, false);
  if (!document.is_structured())
    fail<DataError>("{}: this is not JSON; delete its folder and run train/fetch_emoji.sh.",
                    file.string());
  return document;
}

std::string concept_code(const std::string& code) {
  std::string result;
  for (size_t at = 0; at < code.size();) {
    const size_t dash = std::min(code.find('-', at), code.size());
    std::string part = code.substr(at, dash - at);
    for (char& c : part)
      if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    if (part != "FE0F") result += (result.empty() ? "" : "-") + part;
    at = dash + 1;
  }
  return result;
}

IconSet::IconSet(const std::filesystem::path& folder)
    : title_(folder.filename().string()), icons_(read_json_file(folder / "icons.json")) {
  if (!icons_.is_object() || !icons_.contains("icons"))
    fail<DataError>("{}: this is not an Iconify set, it has no 'icons'.",
                    (folder / "icons.json").string());
  const auto chars = read_json_file(folder / "chars.json");
  for (const auto& [code, name] : chars.items())
    if (name.is_string()) names_.emplace(concept_code(code), name.get<std::string>());
}

std::optional<IconSet::Icon> IconSet::find_icon(const std::string& name) const {
  Icon icon;
  std::string wanted = name;
  for (int step = 0; step < kLongestAliasChain; ++step) {
    const json* found = member(icons_, "icons", wanted);
    const json* alias = found == nullptr ? member(icons_, "aliases", wanted) : nullptr;
    if (found == nullptr && alias == nullptr) return std::nullopt;
    const json& entry = found != nullptr ? *found : *alias;
    icon.flip_x ^= flag(entry, "hFlip");
    icon.flip_y ^= flag(entry, "vFlip");
    icon.quarter_turns += static_cast<int>(number_or(entry, "rotate", 0)) & 3;
    const auto text = entry.find(found != nullptr ? "body" : "parent");
    if (text == entry.end() || !text->is_string())
      fail<DataError>("{}: icon '{}' has neither a body nor a parent.", title_, wanted);
    if (found != nullptr) {
      icon.body = text->get<std::string>();
      icon.left = number_or(entry, "left", number_or(icons_, "left", icon.left));
      icon.top = number_or(entry, "top", number_or(icons_, "top", icon.top));
      icon.width = number_or(entry, "width", number_or(icons_, "width", icon.width));
      icon.height = number_or(entry, "height", number_or(icons_, "height", icon.height));
      return icon;
    }
    wanted = text->get<std::string>();
  }
  fail<DataError>("{}: the aliases of icon '{}' go round in a circle.", title_, name);
}

std::optional<std::string> IconSet::svg(const std::string& code) const {
  const auto name = names_.find(code);
  if (name == names_.end()) return std::nullopt;
  const auto icon = find_icon(name->second);
  if (!icon) return std::nullopt;
  const double centre_x = icon->left + icon->width / 2;
  const double centre_y = icon->top + icon->height / 2;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
      "width=\"{2}\" height=\"{3}\" viewBox=\"{0} {1} {2} {3}\">"
      "<g transform=\"translate({4} {5}) rotate({6}) scale({7} {8}) translate({9} {10})\">{11}"
      "</g></svg>",
      icon->left, icon->top, icon->width, icon->height, centre_x, centre_y,
      90 * (icon->quarter_turns & 3), icon->flip_x ? -1 : 1, icon->flip_y ? -1 : 1, -centre_x,
      -centre_y, icon->body);
}

std::string IconSet::label(const std::string& code) const {
  const auto name = names_.find(code);
  return title_ + ": " + (name == names_.end() ? code : name->second);
}

}  // namespace tandem
