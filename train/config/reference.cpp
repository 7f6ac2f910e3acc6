#include "train/config/reference.h"

#include "train/config/field_reader.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace tandem {
namespace {

std::string yaml_value(bool value) { return value ? "true" : "false"; }
std::string yaml_value(int64_t value) { return fmt::to_string(value); }
std::string yaml_value(uint64_t value) { return fmt::to_string(value); }
std::string yaml_value(double value) {
  return fmt::format("{}", value);
}  // shortest that reads back
std::string yaml_value(const std::string& value) { return yaml_text(value); }
std::string yaml_value(const std::optional<double>& value) {
  return value ? yaml_value(*value) : "null";
}
template <size_t N>
std::string yaml_value(const std::array<double, N>& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

class Writer {
 public:
  explicit Writer(std::string indent) : indent_(std::move(indent)) {}

  template <class T>
  void field(const char* key, T& value, const Rule&, const char*) {
    text_ += fmt::format("{}{}: {}\n", indent_, key, yaml_value(value));
  }

  template <class T>
  void section(const char* key, T& value, const char*) {
    Writer inner(indent_ + "  ");
    visit_fields(inner, value);
    text_ += fmt::format("{}{}:\n{}", indent_, key, inner.text());
  }

  template <class T>
  void list(const char* key, std::vector<T>& values, const char*) {
    text_ += fmt::format("{}{}:{}\n", indent_, key, values.empty() ? " []" : "");
    for (T& value : values) {
      Writer inner(indent_ + "    ");
      visit_fields(inner, value);
      std::string item = inner.text();
      item[indent_.size() + 2] = '-';
      text_ += item;
    }
  }

  const std::string& text() const { return text_; }

 private:
  std::string indent_;
  std::string text_;
};

class Collector {
 public:
  Collector(std::string path, std::vector<KeyReference>& keys)
      : path_(std::move(path)), keys_(keys) {}

  template <class T>
  void field(const char* key, T& value, const Rule& rule, const char* meaning) {
    const std::string standard = yaml_value(value);
    keys_.push_back({path_ + key, allowed(TypeName<T>::text(), rule),
                     standard == "\"\"" || standard == "null" ? "" : standard, meaning});
  }

  template <class T>
  void section(const char* key, T& value, const char* meaning) {
    keys_.push_back({path_ + key, "a map", "", meaning});
    Collector inner(path_ + key + ".", keys_);
    visit_fields(inner, value);
  }

  template <class T>
  void list(const char* key, std::vector<T>&, const char* meaning) {
    keys_.push_back({path_ + key, "a list of maps", "[]", meaning});
    Collector inner(fmt::format("{}{}[].", path_, key), keys_);
    T value;
    visit_fields(inner, value);
  }

 private:
  std::string path_;
  std::vector<KeyReference>& keys_;
};

class Lister {
 public:
  Lister(std::string path, std::vector<ConfigValue>& values)
      : path_(std::move(path)), values_(values) {}

  template <class T>
  void field(const char* key, T& value, const Rule&, const char*) {
    values_.push_back({path_ + key, yaml_value(value)});
  }

  template <class T>
  void section(const char* key, T& value, const char*) {
    Lister inner(path_ + key + ".", values_);
    visit_fields(inner, value);
  }

  template <class T>
  void list(const char* key, std::vector<T>& values, const char*) {
    for (size_t i = 0; i < values.size(); ++i) {
      Lister inner(fmt::format("{}{}.{}.", path_, key, i), values_);
      visit_fields(inner, values[i]);
    }
  }

 private:
  std::string path_;
  std::vector<ConfigValue>& values_;
};

template <class T>
std::string written(T config) {
  Writer writer("");
  visit_fields(writer, config);
  return writer.text();
}

}  // namespace

std::vector<KeyReference> config_keys() {
  std::vector<KeyReference> keys;
  Collector collector("", keys);
  RunConfig config;
  visit_fields(collector, config);
  return keys;
}

std::vector<ConfigValue> config_values(const RunConfig& config) {
  std::vector<ConfigValue> values;
  Lister lister("", values);
  RunConfig copy = config;
  visit_fields(lister, copy);
  return values;
}

std::string config_reference() {
  std::string text = "| key | allowed | default | meaning |\n|---|---|---|---|\n";
  for (const KeyReference& key : config_keys()) {
    const std::string standard = key.standard.empty() ? "" : fmt::format("`{}`", key.standard);
    text += fmt::format("| `{}` | {} | {} | {} |\n", key.name, key.allowed, standard, key.meaning);
  }
  return text;
}

std::string elsewhere(std::string_view key) {
  for (const KeyReference& reference : config_keys()) {
    const std::string& name = reference.name;
    const size_t dot = name.rfind('.');
    if (key == (dot == std::string::npos ? name : name.substr(dot + 1))) return name;
  }
  return "";
}

std::string yaml_text(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/' || c == ':';
  };
  const bool bare = !text.empty() && std::all_of(text.begin(), text.end(), plain) &&
                    text.front() != '-' && text.front() != ':' && text.back() != ':' &&
                    text != "null" && text != "Null" && text != "NULL" && text != "...";
  constexpr auto replace = nlohmann::json::error_handler_t::replace;
  return bare ? text : nlohmann::json(text).dump(-1, ' ', false, replace);
}

std::string to_yaml(const RunConfig& config) { return written(config); }
std::string to_yaml(const ClipConfig& config) { return written(config); }

}  // namespace tandem
