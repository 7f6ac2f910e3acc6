// Fields of open_clip's model files (its model.py: CLIPVisionCfg, CLIPTextCfg) that Tandem has no
// key for. A value that changes nothing is allowed, so that the files of models that Tandem has
// load as they are; any other is refused by what it would need.
#pragma once

#include "train/config/yaml_tree.h"

#include <string_view>

namespace tandem {

// Whether `key` of "model", "vision_cfg" or "text_cfg" is such a field with a value that changes
// nothing. Throws ConfigError if it is one with another value; `full_name` is the key's in errors.
bool changes_nothing(std::string_view section, std::string_view key, std::string_view full_name,
                     const ConfigNode& value);

// Throws ConfigError where a model's image tower is a ResNet, whose `layers` are a list.
void refuse_resnet(const ConfigNode* model);

}  // namespace tandem
