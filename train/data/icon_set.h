// An Iconify set of emoji pictures, as its npm package holds it: icons.json with the SVG bodies by
// name, chars.json with the names by code point.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace tandem {

// Reads a whole JSON file. Throws DataError, naming it, if it is missing or is no JSON object or
// array.
nlohmann::json read_json_file(const std::filesystem::path& file);

// A code point sequence as the split writes it: capital hexadecimal joined by '-', without the
// variation selector FE0F.
std::string concept_code(const std::string& code);

class IconSet {
 public:
  // Reads a package's folder. Throws DataError if it holds no such set.
  explicit IconSet(const std::filesystem::path& folder);

  // Whether the set says which code points its icons have. EmojiOne does not: its names are those
  // of the other sets.
  bool has_codes() const { return !names_.empty(); }

  // Takes the code points of another set for icons of the same name.
  void take_codes(const IconSet& other) { names_ = other.names_; }

  // The SVG document of a concept; none if the set has no picture of it. Throws DataError if the
  // set is damaged there.
  std::optional<std::string> svg(const std::string& code) const;

  // The icon's name for messages, such as "noto: red-heart".
  std::string label(const std::string& code) const;

 private:
  struct Icon;

  std::optional<Icon> find_icon(const std::string& name) const;

  std::string title_;  // the folder's name
  nlohmann::json icons_;
  std::map<std::string, std::string> names_;  // by concept code
};

}  // namespace tandem
