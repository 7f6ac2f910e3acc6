// Puts a config's tree together: the file, the files that it extends, the model file that it
// names, and the command line's overrides, in that order of weakness.
#pragma once

#include "train/config/yaml_tree.h"

#include <string>
#include <vector>

namespace tandem {

// Reads a file with its `extends:` (a path relative to the file, or a list of them, later ones
// stronger). Maps are merged key by key; anything else replaces. `name` is not inherited. A
// `model:` that is a text is replaced by the map in that model file. The result is a map without
// `extends`. Throws ConfigError with file and line for what can't be read, circles among them.
ConfigNode load_config(const std::string& path);

// Applies overrides "a.b=VALUE", each VALUE being YAML; a number in the path is a list's index.
// Throws ConfigError that names the override.
void apply_overrides(ConfigNode& config, const std::vector<std::string>& overrides);

}  // namespace tandem
