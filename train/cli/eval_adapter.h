// `tandem eval` of an adapter on features.
#pragma once

#include "core/device.h"

#include <nlohmann/json.hpp>

#include <string>

namespace tandem {

// Tests it once more on what its run tested, prints the figures unless `json`, and adds them to
// `document`. features: where they lie now; empty: where the run found them. Throws ConfigError
// for other features.
void eval_feature_adapter(const std::string& source, const std::string& features, Device& device,
                          bool json, nlohmann::ordered_json& document);

}  // namespace tandem
