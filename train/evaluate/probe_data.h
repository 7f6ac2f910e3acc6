// What a probe learns from, what it chooses on and what it is tested on, kept apart.
#pragma once

#include "train/features/feature_set.h"

#include <cstdint>
#include <optional>
#include <string>

namespace tandem {

struct ProbeSplits {
  std::string train = "train";
  std::string validation = "val";
  std::string test = "test";   // "" for the whole of a file without splits
  std::optional<int64_t> shots;  // learn from so many pictures a class, drawn from `train`
  uint64_t seed = 0;             // of the draw
};

struct ProbeData {
  LabelledRows train;
  std::optional<LabelledRows> validation;  // where something is to be chosen
  LabelledRows test;
};

// Throws ConfigError where `validation` is what is tested or learned from: `chosen` ("the weight
// decay") can't be chosen there.
void check_choice(const ProbeSplits& splits, const std::string& chosen);

// Opens the splits; validation only if something is to be chosen (`chosen` is not empty). With
// shots, training and validation pictures are drawn from `train` (train/features/few_shot.h), and
// in a set without splits the rest is tested. Throws ConfigError where a split is not there, where
// two are the same, and for a class that is tested but has no pictures to learn from.
ProbeData open_probe(const FeatureSet& set, const ProbeSplits& splits, const std::string& chosen);

}  // namespace tandem
