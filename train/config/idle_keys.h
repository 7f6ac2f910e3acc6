// Values that a config gives and nothing reads.
#pragma once

#include "train/config/field_reader.h"
#include "train/config/run_config.h"

#include <string>

namespace tandem {

// Throws ConfigError for a value other than the standard config's that has no effect beside the
// others: SGD's momentum with AdamW, LoRA's rank for IA3. `source` is the config's file. Allowed are
// those of a config that it extends, those of the file where --set chose what leaves them idle, and
// all of a config with every key, as a run writes it.
void refuse_idle_keys(const RunConfig& config, const RunConfig& standard, const Places& places,
                      const std::string& source);

}  // namespace tandem
