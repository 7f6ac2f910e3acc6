// Fills a config struct from a YAML tree by its field table, refusing what does not fit.
#pragma once

#include "train/config/fields.h"
#include "train/config/yaml_tree.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

// Where each key that was given was written, by its full name ("train.lr" -> "a.yaml:4").
using Places = std::map<std::string, std::string, std::less<>>;

// Parse one scalar; false if it is not one of the type. Numbers are decimal and finite.
bool parse_scalar(const ConfigNode& node, bool& value);
bool parse_scalar(const ConfigNode& node, int64_t& value);
bool parse_scalar(const ConfigNode& node, uint64_t& value);
bool parse_scalar(const ConfigNode& node, double& value);
bool parse_scalar(const ConfigNode& node, std::string& value);

// "a whole number", "a number", "text", "true or false", "a list of 3 numbers"
template <class T>
struct TypeName;
template <>
struct TypeName<bool> {
  static std::string text() { return "true or false"; }
};
template <>
struct TypeName<int64_t> {
  static std::string text() { return "a whole number"; }
};
template <>
struct TypeName<uint64_t> {
  static std::string text() { return "a whole number from 0"; }
};
template <>
struct TypeName<double> {
  static std::string text() { return "a number"; }
};
template <>
struct TypeName<std::string> {
  static std::string text() { return "text"; }
};
template <>
struct TypeName<std::optional<double>> {
  static std::string text() { return "a number or null"; }
};
template <size_t N>
struct TypeName<std::array<double, N>> {
  static std::string text() { return "a list of " + std::to_string(N) + " numbers"; }
};

// "a number above 0 and up to 1"; what a field allows, in words.
std::string allowed(const std::string& type, const Rule& rule);

bool fits(const Rule& rule, double value);
bool fits(const Rule& rule, const std::string& value);

// Visits the fields of one map. `path` is its full name, empty for the whole config. The tree
// must outlive the reader.
class FieldReader {
 public:
  FieldReader(const ConfigNode& map, std::string path, Places& places);

  template <class T>
  void field(const char* key, T& value, const Rule& rule, const char*) {
    const ConfigNode* node = take(key);
    if (node == nullptr || is_open_clips_null(key, *node)) return;
    if (!parse(*node, value, rule)) refuse(*node, full(key), allowed(TypeName<T>::text(), rule));
  }

  template <class T>
  void section(const char* key, T& value, const char*) {
    const ConfigNode* node = take(key);
    if (node == nullptr || is_open_clips_null(key, *node)) return;
    if (!node->is_map()) refuse(*node, full(key), "a map of its keys");
    read(*node, full(key), value);
  }

  template <class T>
  void list(const char* key, std::vector<T>& value, const char*) {
    const ConfigNode* node = take(key);
    if (node == nullptr) return;
    if (node->kind != ConfigNode::Kind::list) refuse(*node, full(key), "a list of maps");
    value.assign(node->items.size(), T{});
    for (size_t i = 0; i < value.size(); ++i) {
      const std::string name = full(key) + "." + std::to_string(i);
      places_.emplace(name, node->items[i].place());
      if (!node->items[i].is_map()) refuse(node->items[i], name, "a map of its keys");
      read(node->items[i], name, value[i]);
    }
  }

  // Throws ConfigError for the first key that no visited field has, with the nearest that one has.
  void finish() const;

 private:
  template <class T>
  void read(const ConfigNode& map, const std::string& path, T& value) {
    FieldReader reader(map, path, places_);
    visit_fields(reader, value);
    reader.finish();
  }

  template <class T>
  static bool parse(const ConfigNode& node, T& value, const Rule& rule) {
    T parsed{};
    if (!parse_scalar(node, parsed)) return false;
    if constexpr (std::is_same_v<T, std::string>) {
      if (!fits(rule, parsed)) return false;
    } else if constexpr (!std::is_same_v<T, bool>) {
      if (!fits(rule, static_cast<double>(parsed))) return false;
    }
    value = parsed;
    return true;
  }

  static bool parse(const ConfigNode& node, std::optional<double>& value, const Rule& rule) {
    value.reset();
    return node.kind == ConfigNode::Kind::null || parse(node, value.emplace(), rule);
  }

  template <size_t N>
  static bool parse(const ConfigNode& node, std::array<double, N>& value, const Rule& rule) {
    if (node.kind != ConfigNode::Kind::list || node.items.size() != N) return false;
    for (size_t i = 0; i < N; ++i) {
      if (!parse(node.items[i], value[i], rule)) return false;
    }
    return true;
  }

  std::string full(std::string_view key) const;
  std::string_view section() const;
  bool is_open_clips_null(const char* key, const ConfigNode& node) const;
  const ConfigNode* take(const char* key);
  [[noreturn]] static void refuse(const ConfigNode& node, const std::string& name,
                                  const std::string& expected);

  const ConfigNode& map_;
  std::string path_;
  Places& places_;
  std::vector<std::string> known_;
};

}  // namespace tandem
