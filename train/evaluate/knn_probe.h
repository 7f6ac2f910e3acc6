// Classification by weighted nearest neighbours (Wu et al. 2018, "Unsupervised feature learning
// via non-parametric instance discrimination", section 3.4), as DINO evaluates it: each of the k
// most similar training pictures votes for its class with exp(similarity / temperature).
#pragma once

#include "core/device.h"
#include "train/features/feature_set.h"

#include <cstdint>
#include <vector>

namespace tandem {

struct KnnSetting {
  int64_t k = 20;
  double temperature = 0.07;
};

// For each setting the rank of every query's right class among `classes`; classes without a vote
// tie and so count as lost. Both sides are read in blocks, so memory does not grow with their
// product. Of equally similar neighbours the first in `train` counts. Throws ConfigError where a k
// is larger than the number of training pictures.
std::vector<std::vector<int32_t>> knn_ranks(const LabelledRows& train, const LabelledRows& queries,
                                            int64_t classes,
                                            const std::vector<KnnSetting>& settings,
                                            Device& device);

}  // namespace tandem
