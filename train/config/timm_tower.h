// Image towers that open_clip's model files name as timm does (vision_cfg.timm_model_name). A name
// fills in what a VisionConfig has; keys that are given beside it are stronger.
#pragma once

#include "models/clip_config.h"
#include "train/config/yaml_tree.h"

#include <optional>
#include <string_view>

namespace tandem {

// The tower that a model's vision_cfg names, or the default one if it names none. Throws
// ConfigError for a name that is not of the SigLIP family, and for timm's other settings
// (timm_pool, timm_proj, ...) where they ask for what such a tower has not.
VisionConfig named_tower(const ConfigNode* model);

// That of a name; nothing for one that Tandem has not.
std::optional<VisionConfig> timm_tower(std::string_view name);

// Whether timm's tower of this size has the tanh approximation of GELU.
bool timm_has_tanh(const VisionConfig& tower);

}  // namespace tandem
