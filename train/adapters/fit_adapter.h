// Fits an adapter on features of the kind that a config names.
#pragma once

#include "train/adapters/adapter_data.h"
#include "train/adapters/fit_scores.h"
#include "train/adapters/fitted_adapter.h"

namespace tandem {

// What it learns is from data.train, what it chooses is chosen on data.validation; test pictures
// are not looked at. `watcher` follows what has epochs; it may be null. Throws
// ConfigError where the kind needs class texts, pictures to learn from or pictures to choose on
// that are not there, or where it classifies nothing (projection).
FittedAdapter fit_adapter(const AdapterData& data, const RunConfig& config, Device& device,
                          FitWatcher* watcher = nullptr);

}  // namespace tandem
