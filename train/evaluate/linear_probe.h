// Linear probes (Radford et al. 2021, appendix A.3): logistic regression on frozen features.
#pragma once

#include "core/device.h"
#include "train/features/feature_set.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace tandem {

// A classifier: scores = W x + b.
struct LinearClassifier {
  std::vector<float> weight;  // W [K, E]
  std::vector<float> bias;    // b [K]
};

// Minimizes over W and b
//   mean over pictures of -log softmax(W x + b)[label] + weight_decay / 2 |W|^2
// from zeros with L-BFGS, at most 1000 iterations. Pictures go through the device in blocks, so
// memory does not grow with their number. Throws ConfigError where weight_decay is negative.
LinearClassifier fit_linear(const LabelledRows& pictures, int64_t classes, double weight_decay,
                            Device& device);

// The rank of every picture's right class.
std::vector<int32_t> linear_ranks(const LinearClassifier& classifier, const LabelledRows& pictures);

struct WeightDecayTrial {
  double weight_decay = 0;
  double accuracy = 0;  // on the validation split
};

// The weight decay whose classifier, fitted on `train`, gets most of `validation` right; of equal
// ones the largest. Tries `candidates`, or without any powers of ten: 1e-8, 1e-6, ..., 1e2, then
// around the best ever finer steps down to an eighth of a decade..
WeightDecayTrial choose_weight_decay(const LabelledRows& train, const LabelledRows& validation,
                                     int64_t classes, std::vector<double> candidates,
                                     Device& device);

}  // namespace tandem
