#include "train/config/yaml_tree.h"

#include "core/error.h"
#include "train/config/utf8.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

namespace tandem {
namespace {

std::string place_of(const std::string& source, int line) {
  return line > 0 ? fmt::format("{}:{}", source, line) : source;
}

// Builds the tree from the parser's events. Checks run as the events arrive, so the parser never
// gets to work on what will be refused.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string source, bool has_lines)
      : source_(std::make_shared<const std::string>(std::move(source))), has_lines_(has_lines) {}

  ConfigNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a second document starts here; a config is one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, anchor, "");
    if (wants_key()) refuse(mark, "a key is missing before ':'");
    add(node(mark, ConfigNode::Kind::null));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not supported; write the value again");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, anchor, tag);
    if (wants_key()) return add_key(mark, value);
    ConfigNode scalar = node(mark, ConfigNode::Kind::scalar);
    scalar.text = value;
    scalar.quoted = tag == "!";
    add(std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check(mark, anchor, tag);
    open(mark, ConfigNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check(mark, anchor, tag);
    open(mark, ConfigNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or map that is being filled.
  struct Open {
    ConfigNode node;
    std::set<std::string> keys;
    int key_line = 0;  // of the key that waits for its value; 0 if none does
    bool has_key = false;
  };

  int line_of(const YAML::Mark& mark) const { return has_lines_ ? mark.line + 1 : 0; }

  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& what) const {
    fail<ConfigError>("{}: {}.", place_of(*source_, line_of(mark)), what);
  }

  void check(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag) const {
    if (anchor != 0) refuse(mark, "anchors (&name) are not supported; write the value again");
    if (!tag.empty() && tag != "?" && tag != "!") {
      refuse(mark, fmt::format("the tag '{}' is not supported; leave it out", tag));
    }
  }

  bool wants_key() const {
    return !open_.empty() && open_.back().node.is_map() && !open_.back().has_key;
  }

  ConfigNode node(const YAML::Mark& mark, ConfigNode::Kind kind) const {
    ConfigNode result;
    result.kind = kind;
    result.source = source_;
    result.line = line_of(mark);
    return result;
  }

  void add_key(const YAML::Mark& mark, const std::string& key) {
    Open& map = open_.back();
    if (!map.keys.insert(key).second) refuse(mark, fmt::format("the key '{}' is given twice", key));
    if (map.keys.size() > max_config_keys) {
      refuse(mark, fmt::format("a map has more than {} keys", max_config_keys));
    }
    map.node.keys.push_back(key);
    map.key_line = line_of(mark);
    map.has_key = true;
  }

  void add(ConfigNode value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.is_map()) {
      value.line = parent.key_line;
      parent.has_key = false;
    }
    parent.node.items.push_back(std::move(value));
  }

  void open(const YAML::Mark& mark, ConfigNode::Kind kind) {
    if (wants_key()) refuse(mark, "a key is a list or a map; keys are plain text");
    if (open_.size() >= max_config_depth) {
      refuse(mark, fmt::format("is nested more than {} levels deep", max_config_depth));
    }
    open_.push_back({node(mark, kind), {}, 0, false});
  }

  void close() {
    ConfigNode done = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(done));
  }

  std::shared_ptr<const std::string> source_;
  bool has_lines_;
  int documents_ = 0;
  std::vector<Open> open_;
  ConfigNode root_;
};

void check_text(std::string_view text, const std::string& source, bool has_lines) {
  if (text.size() > max_config_bytes) {
    fail<ConfigError>("{}: has {} bytes; a config has at most {}.", source, text.size(),
                      max_config_bytes);
  }
  const size_t invalid = first_invalid_utf8(text);
  if (invalid == std::string_view::npos) return;
  const auto before = text.substr(0, invalid);
  const auto line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1;
  fail<ConfigError>("{}: is not UTF-8: byte 0x{:02x} at offset {}; save the file as UTF-8.",
                    place_of(source, has_lines ? line : 0),
                    static_cast<unsigned char>(text[invalid]), invalid);
}

}  // namespace

const ConfigNode* ConfigNode::find(std::string_view key) const {
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? nullptr : &items[static_cast<size_t>(found - keys.begin())];
}

ConfigNode* ConfigNode::find(std::string_view key) {
  return const_cast<ConfigNode*>(std::as_const(*this).find(key));
}

void ConfigNode::set(const std::string& key, ConfigNode value) {
  if (ConfigNode* old = find(key)) {
    *old = std::move(value);
    return;
  }
  keys.push_back(key);
  items.push_back(std::move(value));
}

void ConfigNode::erase(std::string_view key) {
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found == keys.end()) return;
  items.erase(items.begin() + (found - keys.begin()));
  keys.erase(found);
}

std::string ConfigNode::place() const { return place_of(source ? *source : "config", line); }

ConfigNode parse_yaml(std::string_view text, const std::string& source, bool has_lines) {
  check_text(text, source, has_lines);
  TreeBuilder builder(source, has_lines);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const int line = has_lines && !error.mark.is_null() ? error.mark.line + 1 : 0;
    fail<ConfigError>("{}: is not valid YAML: {}.", place_of(source, line), error.msg);
  }
  ConfigNode root = builder.take();
  if (root.source == nullptr) root.source = std::make_shared<const std::string>(source);
  return root;
}

}  // namespace tandem
