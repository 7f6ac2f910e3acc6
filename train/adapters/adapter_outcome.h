// What came out of an adapter: figures, and the file that it is kept in.
#pragma once

#include "train/adapters/adapter_data.h"
#include "train/adapters/adapter_folder.h"
#include "train/adapters/fitted_adapter.h"
#include "train/checkpoint/checkpoint.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tandem {

struct AdapterOutcome {
  ProbeResult test;
  std::optional<ProbeResult> fresh;  // with base_to_new
};

// Scores the test pictures, once; with base_to_new those of the new classes too.
AdapterOutcome test_adapter(const FittedAdapter& adapter, const AdapterData& data, Device& device);

// Figures of each tested part by name: {"test", {{"acc1", 0.8}, ...}}, and with base_to_new "new"
// and {"base_to_new", {{"harmonic_mean_acc1", 0.7}}} (Zhou et al. 2022, CoCoOp, section 4.1).
std::vector<std::pair<std::string, NamedFigures>> figures_of(const AdapterOutcome& outcome);

// Lines for people.
std::string outcome_text(const std::string& kind, const AdapterOutcome& outcome);

// {"kind": ..., "seed": ..., "features": ..., "test": {...}, "new": {...}}
nlohmann::ordered_json outcome_json(const FittedAdapter& adapter, const AdapterOutcome& outcome,
                                    const AdapterData& data, const RunConfig& config);

// The adapter as a checkpoint: its tensors below /model, and the attribute "feature_adapter", which
// names the features by their fingerprint.
Checkpoint adapter_checkpoint(const FittedAdapter& adapter, const AdapterData& data,
                              const RunConfig& config);

// Whether a file is such a checkpoint.
bool is_feature_adapter(const std::string& path);

// Throws ConfigError where `set` has other features than those that an adapter was fitted on.
void check_features(const Checkpoint& checkpoint, const FeatureSet& set,
                    const std::string& source);

// Back from it. Throws CheckpointError where it is damaged, and ConfigError where `set` has other
// features than those that it was fitted on.
FittedAdapter adapter_of(const Checkpoint& checkpoint, const FeatureSet& set,
                         const std::string& source);

}  // namespace tandem
