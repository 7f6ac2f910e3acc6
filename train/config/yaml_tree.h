// A YAML document as a tree that knows where each of its parts was written. Only what configs
// need: maps with text keys, lists, scalars. Anchors, aliases and tags are refused, so a small
// file stays a small tree.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

struct ConfigNode {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  std::shared_ptr<const std::string> source;  // a file's path, or what else the text came from
  int line = 0;                               // from 1; 0 where the source has no lines
  std::string text;                           // of a scalar
  bool quoted = false;                        // a scalar in quotes is text, whatever it looks like
  std::vector<std::string> keys;              // of a map, none twice
  std::vector<ConfigNode> items;              // of a list, or the values of a map

  bool is_map() const { return kind == Kind::map; }
  bool is_scalar() const { return kind == Kind::scalar; }

  // The value of a map's key; null if there is none.
  const ConfigNode* find(std::string_view key) const;
  ConfigNode* find(std::string_view key);

  // Sets a map's key, replacing what it had.
  void set(const std::string& key, ConfigNode value);
  void erase(std::string_view key);

  // "configs/a.yaml:4", or the source alone.
  std::string place() const;
};

// The longest text that is read, in bytes, and the deepest nesting.
constexpr size_t max_config_bytes = size_t{1} << 20;
constexpr int max_config_depth = 32;
constexpr size_t max_config_keys = 1000;  // in one map

// Reads one document; an empty text is a null. A map's `line` is where its key was, if it
// has one, so that errors point there. `has_lines` is false for a text from the command line.
// Throws ConfigError with source, line and reason.
ConfigNode parse_yaml(std::string_view text, const std::string& source, bool has_lines = true);

}  // namespace tandem
