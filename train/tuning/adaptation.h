// What a run's config says is trained: locked towers, and adapters inside the model.
#pragma once

#include "train/config/run_config.h"

#include <optional>
#include <string>
#include <vector>

namespace tandem {

// The part of the model's config that follows from `adapter` and `train`.
Adaptation adaptation_of(const RunConfig& config);

// The names that patterns can match.
struct ModelNames {
  std::vector<std::string> base;       // the model's own parameters
  std::vector<std::string> trained;    // all parameters that are trained, adapters' too
  std::vector<std::string> targets;    // linear layers that adapters can be added to
};
ModelNames names_of(const ClipConfig& model);

// A key of a config whose value does not fit the model, and why.
struct TuningProblem {
  std::string key;
  std::string message;
};

// The first pattern that matches nothing, with the nearest name; a run that trains nothing; a depth
// beyond the model's layers.
std::optional<TuningProblem> tuning_problem(const RunConfig& config);

}  // namespace tandem
