#include "train/config/field_reader.h"

#include "core/error.h"
#include "train/config/nearest.h"
#include "train/config/open_clip_fields.h"
#include "train/config/reference.h"
#include "train/printable.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tandem {
namespace {

template <class T>
bool parse_number(const ConfigNode& node, T& value) {
  if (!node.is_scalar() || node.quoted) return false;
  std::string_view text = node.text;
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// A text as one line of an error shows it.
std::string shown(const std::string& text) {
  std::string line = printable_text(text, 60);
  for (char& c : line) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return line;
}

// What a node holds, for an error.
std::string found(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::null:
      return "empty";
    case ConfigNode::Kind::list:
      return fmt::format("a list of {}", node.items.size());
    case ConfigNode::Kind::map:
      return "a map";
    case ConfigNode::Kind::scalar:
      break;
  }
  const std::string text = shown(node.text);
  return node.quoted ? fmt::format("the text \"{}\"", text) : fmt::format("'{}'", text);
}

}  // namespace

bool parse_scalar(const ConfigNode& node, bool& value) {
  if (!node.is_scalar() || node.quoted) return false;
  value = node.text == "true" || node.text == "True" || node.text == "TRUE";
  return value || node.text == "false" || node.text == "False" || node.text == "FALSE";
}

bool parse_scalar(const ConfigNode& node, int64_t& value) { return parse_number(node, value); }
bool parse_scalar(const ConfigNode& node, uint64_t& value) { return parse_number(node, value); }

bool parse_scalar(const ConfigNode& node, double& value) {
  return parse_number(node, value) && std::isfinite(value);
}

bool parse_scalar(const ConfigNode& node, std::string& value) {
  value = node.text;
  return node.is_scalar();
}

std::string allowed(const std::string& type, const Rule& rule) {
  if (!rule.choices.empty()) {
    return fmt::format("{}{}", rule.choices.size() > 1 ? "one of " : "",
                       fmt::join(rule.choices, ", "));
  }
  if (rule == any()) return type;
  if (!rule.above_low && !rule.below_high)
    return fmt::format("{} from {} to {}", type, rule.low, rule.high);
  return fmt::format("{} {} {} and {} {}", type, rule.above_low ? "above" : "at least", rule.low,
                     rule.below_high ? "below" : "at most", rule.high);
}

bool fits(const Rule& rule, double value) {
  return (rule.above_low ? value > rule.low : value >= rule.low) &&
         (rule.below_high ? value < rule.high : value <= rule.high);
}

bool fits(const Rule& rule, const std::string& value) {
  return rule.choices.empty() ||
         std::find(rule.choices.begin(), rule.choices.end(), value) != rule.choices.end();
}

FieldReader::FieldReader(const ConfigNode& map, std::string path, Places& places)
    : map_(map), path_(std::move(path)), places_(places) {}

std::string FieldReader::full(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

const ConfigNode* FieldReader::take(const char* key) {
  known_.emplace_back(key);
  const ConfigNode* node = map_.find(key);
  if (node != nullptr) places_.emplace(full(key), node->place());
  return node;
}

// The last name of the path; "model" also where a file holds nothing but a model.
std::string_view FieldReader::section() const {
  const std::string_view path = path_;
  if (!path.empty()) return path.substr(path.rfind('.') + 1);  // npos + 1 is 0
  const bool is_model = std::find(known_.begin(), known_.end(), "embed_dim") != known_.end();
  return is_model ? "model" : "";
}

// Some of its fields may be null, which is as if they were not given.
bool FieldReader::is_open_clips_null(const char* key, const ConfigNode& node) const {
  return node.kind == ConfigNode::Kind::null && changes_nothing(section(), key, full(key), node);
}

void FieldReader::refuse(const ConfigNode& node, const std::string& name,
                         const std::string& expected) {
  fail<ConfigError>("{}: {} is {}; expected {}.", node.place(), name, found(node), expected);
}

void FieldReader::finish() const {
  for (size_t i = 0; i < map_.keys.size(); ++i) {
    const std::string& key = map_.keys[i];
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    if (changes_nothing(section(), key, full(key), map_.items[i])) continue;
    const std::string where = path_.empty() ? "" : " in " + path_;
    std::string hint = nearest(key, known_);
    if (hint.empty()) hint = elsewhere(key);
    if (!hint.empty()) {
      fail<ConfigError>("{}: unknown key '{}'{}; did you mean '{}'?", map_.items[i].place(),
                        shown(key), where, hint);
    }
    fail<ConfigError>("{}: unknown key '{}'{}; the keys are {}.", map_.items[i].place(), shown(key),
                      where, fmt::join(known_, ", "));
  }
}

}  // namespace tandem
