// What must hold between the values of a config, beyond what each may be by itself.
#pragma once

#include "train/config/field_reader.h"

namespace tandem {

// Throws ConfigError with the place of the key that is most likely wrong. `prefix` is "model." or
// empty, `source` the config's file, for keys that were not given.
void check_model(const ClipConfig& model, const std::string& prefix, const Places& places,
                 const std::string& source);

// As above, for a whole run; its model too.
void check_run(const RunConfig& config, const Places& places, const std::string& source);

// True if a text can be the name of a folder or metric: letters, digits, '.', '_' and '-', the
// first one not a '.', at most 100.
bool is_name(std::string_view text);

}  // namespace tandem
