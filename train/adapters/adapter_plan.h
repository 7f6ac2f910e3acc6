// What an adapter on features will need, as far as the files that are there say it.
#pragma once

#include "train/config/run_config.h"

#include <optional>

namespace tandem {

struct DeviceInfo;

struct AdapterPlan {
  // Of the file of features: pictures, and the bytes of theirs, which the run holds in the host's
  // memory unless they are many (keep_if_small).
  std::optional<int64_t> pictures;
  std::optional<uint64_t> feature_bytes;

  // Of the base that makes the features: what the device holds of it, parameters and activations
  // of a chunk.
  std::optional<uint64_t> base_bytes;

  std::optional<int64_t> width;       // of a feature
  std::optional<int64_t> parameters;  // numbers that are trained
};

// REQUIRES: config.adapter.on_features(). Files that are not there leave gaps. Throws what
// read_feature_set and read_checkpoint_model do for those that are.
AdapterPlan plan_adapter(const RunConfig& config, const DeviceInfo& device);

}  // namespace tandem
