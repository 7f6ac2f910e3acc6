// An adapter on features after it was fitted: all that is needed to score pictures with it.
#pragma once

#include "train/adapters/feature_scorer.h"
#include "train/checkpoint/named_tensor.h"
#include "train/evaluate/probes.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tandem {

struct FittedAdapter {
  std::string kind;
  std::vector<NamedTensor> tensors;       // class_texts [K, E] among them, where it reads them
  std::map<std::string, double> numbers;  // that scores depend on: "alpha", "ratio", ...
  std::vector<std::pair<std::string, std::string>> settings;  // chosen or given, for people
  std::optional<double> validation_acc1;                      // of what was chosen
};

// The scores that it gives, reading the tensors as variables of their names.
ScoreGraph score_graph(const FittedAdapter& adapter);

// The rank of every picture's right class.
std::vector<int32_t> adapter_ranks(const FittedAdapter& adapter, const LabelledRows& pictures,
                                   Device& device);

// The adapter with other classes, as base-to-new asks: texts [K, E]; what it has learnt of its own
// classes alone goes. Throws ConfigError for a kind that knows no other classes.
FittedAdapter with_classes(const FittedAdapter& adapter, std::vector<float> texts, int64_t width);

}  // namespace tandem
