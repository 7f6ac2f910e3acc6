// Reads configs. An unknown key, a wrong type or an impossible value is a ConfigError with file,
// line, what was found, what is allowed and the nearest known key:
//   configs/a.yaml:4: unknown key 'warmpu' in train; did you mean 'warmup'?
#pragma once

#include "train/config/reference.h"
#include "train/config/run_config.h"

#include <string>
#include <string_view>
#include <vector>

namespace tandem {

// Reads a run's YAML file with what it extends (see compose.h), applies overrides "a.b=VALUE" in
// their order, and checks the result. Paths of data are left as they were written, so they are
// relative to the current folder.
RunConfig read_run_config(const std::string& path, const std::vector<std::string>& overrides = {});

// Reads a resolved config, as to_yaml writes it; `extends` and names of model files are refused,
// so no other file is touched. `source` stands for the path in errors.
RunConfig parse_run_config(std::string_view text, const std::string& source);

// Reads a model: a YAML or JSON file (open_clip's among them) with the model's keys at the top, or
// below `model:`, beside which anything may stand.
ClipConfig read_model_config(const std::string& path);

// As above, from a text, touching no other file.
ClipConfig parse_model_config(std::string_view text, const std::string& source);

}  // namespace tandem
