// What the field table says in words, and configs written out again as YAML.
#pragma once

#include "train/config/run_config.h"

#include <string>
#include <string_view>
#include <vector>

namespace tandem {

// One key with all that is to be known of it.
struct KeyReference {
  std::string name;      // in full: "train.lr"
  std::string allowed;   // "a number from 0 to 1000"
  std::string standard;  // its default as YAML; empty if none
  std::string meaning;
};

// Every key of a run config, in the order of the table.
std::vector<KeyReference> config_keys();

// One value of a config, as YAML, by its full name: "train.lr", "evaluate.0.split".
struct ConfigValue {
  std::string key;
  std::string text;
};

// Every value of a config, in the order of the table.
std::vector<ConfigValue> config_values(const RunConfig& config);

// The keys as Markdown tables, one a section; the body of configs/README.md.
std::string config_reference();

// Full name of a key that is called `key` in some section; empty if there is none.
std::string elsewhere(std::string_view key);

// A text as a YAML scalar that is read back as the same text.
std::string yaml_text(const std::string& text);

// All keys with their values. Reading it gives an equal config.
std::string to_yaml(const RunConfig& config);
std::string to_yaml(const ClipConfig& config);

}  // namespace tandem
