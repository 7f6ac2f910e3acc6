#include "train/config/compose.h"

#include "core/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tandem {
namespace {

namespace fs = std::filesystem;

constexpr size_t max_files = 64;           // one config may be made of, counting each reading
constexpr size_t max_override_parts = 16;  // of the name in an override

std::string read_text(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::is_regular_file(status)) {
    const char* what = fs::is_directory(status) ? "this is a folder"
                       : fs::exists(status)     ? "this is no ordinary file"
                                                : "there is no such file";
    fail<ConfigError>("{}: {}; give the path of a YAML config.", path.string(), what);
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(max_config_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    fail<ConfigError>("{}: can't be read; check its permissions.", path.string());
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

ConfigNode parse_map(const fs::path& path) {
  ConfigNode root = parse_yaml(read_text(path), path.string());
  if (root.kind == ConfigNode::Kind::null) root.kind = ConfigNode::Kind::map;
  if (!root.is_map()) {
    fail<ConfigError>("{}: a config is a map of keys, for example 'train:'.", root.place());
  }
  return root;
}

// The stronger tree over the weaker.
void merge(ConfigNode& weak, const ConfigNode& strong) {
  if (!weak.is_map() || !strong.is_map()) {
    weak = strong;
    return;
  }
  weak.line = strong.line;
  weak.source = strong.source;
  for (size_t i = 0; i < strong.keys.size(); ++i) {
    if (ConfigNode* old = weak.find(strong.keys[i])) {
      merge(*old, strong.items[i]);
    } else {
      weak.set(strong.keys[i], strong.items[i]);
    }
  }
}

// Reads files for one config, so that circles and floods of them are seen.
class Loader {
 public:
  ConfigNode load(const fs::path& path, const std::string& wanted_by) {
    const fs::path known = fs::weakly_canonical(path);
    if (std::find(stack_.begin(), stack_.end(), known) != stack_.end()) {
      fail<ConfigError>(
          "{}: extending '{}' leads back to itself; take one extends out of the circle.", wanted_by,
          path.string());
    }
    if (++files_ > max_files) {
      fail<ConfigError>("{}: the config is made of more than {} files.", wanted_by, max_files);
    }
    stack_.push_back(known);
    ConfigNode own = parse_map(path);
    ConfigNode result = bases_of(own, path);
    result.erase("name");
    own.erase("extends");
    merge(result, own);
    resolve_model(result, path.parent_path());
    stack_.pop_back();
    return result;
  }

  // Puts the map of the model file in the place of its name; `folder` is the config's.
  void resolve_model(ConfigNode& config, const fs::path& folder) {
    ConfigNode* model = config.find("model");
    if (model == nullptr || !model->is_scalar()) return;
    const fs::path path = model_file(*model, folder);
    ConfigNode file = load(path, model->place());
    if (ConfigNode* inner = file.find("model")) {
      if (file.keys.size() > 1) {
        fail<ConfigError>(
            "{}: model file '{}' has '{}' beside 'model'; leave only the model in it.",
            model->place(), path.string(), file.keys[file.keys[0] == "model" ? 1 : 0]);
      }
      file = ConfigNode(*inner);
    }
    *model = std::move(file);
  }

 private:
  ConfigNode bases_of(const ConfigNode& own, const fs::path& path) {
    ConfigNode result;
    result.kind = ConfigNode::Kind::map;
    const ConfigNode* extends = own.find("extends");
    if (extends == nullptr) return result;
    const std::vector<ConfigNode> one{*extends};
    const bool several = extends->kind == ConfigNode::Kind::list;
    for (const ConfigNode& base : several ? extends->items : one) {
      if (!base.is_scalar() || base.text.empty()) {
        fail<ConfigError>("{}: extends takes a path or a list of paths, for example base.yaml.",
                          extends->place());
      }
      const fs::path file = path.parent_path() / base.text;
      std::error_code error;
      if (!fs::is_regular_file(file, error)) {
        fail<ConfigError>("{}: extends '{}', but there is no file {}.", extends->place(), base.text,
                          file.string());
      }
      merge(result, load(file, extends->place()));
    }
    return result;
  }

  static fs::path model_file(const ConfigNode& model, const fs::path& folder) {
    const std::string file = model.text + ".yaml";
    const std::vector<fs::path> places{folder / model.text, folder / "models" / file,
                                       folder / ".." / "models" / file,
                                       fs::path("configs/models") / file, model.text};
    for (const fs::path& place : places) {
      std::error_code error;
      if (!model.text.empty() && fs::is_regular_file(place, error)) return place;
    }
    std::vector<std::string> tried;
    for (const fs::path& place : places) tried.push_back(place.lexically_normal().string());
    fail<ConfigError>("{}: there is no model '{}'; looked for {}.", model.place(), model.text,
                      fmt::join(tried, ", "));
  }

  std::vector<fs::path> stack_;
  size_t files_ = 0;
};

std::vector<std::string> parts_of(const std::string& name, const std::string& source) {
  std::vector<std::string> parts;
  std::istringstream stream(name);
  for (std::string part; std::getline(stream, part, '.');) parts.push_back(part);
  const bool empty = std::find(parts.begin(), parts.end(), "") != parts.end();
  if (parts.empty() || empty || name.back() == '.' || parts.size() > max_override_parts) {
    fail<ConfigError>("{}: '{}' is not the name of a key; write for example train.lr.", source,
                      name);
  }
  return parts;
}

// The value that a part of an override's name leads to; made if it is a map's.
ConfigNode& step_into(ConfigNode& node, const std::string& part, const std::string& source) {
  if (node.kind == ConfigNode::Kind::list) {
    size_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    if (error != std::errc() || end != part.data() + part.size() || index >= node.items.size()) {
      fail<ConfigError>("{}: '{}' is not an index of a list of {}.", source, part,
                        node.items.size());
    }
    return node.items[index];
  }
  if (node.kind == ConfigNode::Kind::null) node.kind = ConfigNode::Kind::map;
  if (!node.is_map()) {
    fail<ConfigError>("{}: there is no '{}' here: what comes before it is a value, not a map.",
                      source, part);
  }
  if (node.find(part) == nullptr) {
    ConfigNode child;
    child.source = std::make_shared<const std::string>(source);
    node.set(part, std::move(child));
  }
  return *node.find(part);
}

}  // namespace

ConfigNode load_config(const std::string& path) { return Loader().load(path, path); }

void apply_overrides(ConfigNode& config, const std::vector<std::string>& overrides) {
  for (const std::string& text : overrides) {
    const std::string source = "--set " + text;
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      fail<ConfigError>("{}: expected KEY=VALUE, for example --set train.lr=1e-3.", source);
    }
    ConfigNode value = parse_yaml(text.substr(equals + 1), source, false);
    ConfigNode* node = &config;
    for (const std::string& part : parts_of(text.substr(0, equals), source)) {
      node = &step_into(*node, part, source);
    }
    *node = std::move(value);
    Loader().resolve_model(config, fs::path(*config.source).parent_path());
  }
}

}  // namespace tandem
