// How well pictures are classified: top-1 and top-5 accuracy, and the mean over classes.
#pragma once

#include "train/evaluate/retrieval.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tandem {

// A share in [0, 1] with its bootstrap interval.
struct Share {
  double value = 0;
  Interval interval;
};

struct Classification {
  int64_t pictures = 0;
  Share acc1;
  std::optional<Share> acc5;          // with more than five classes
  Share mean_per_class_recall;        // over the classes that have pictures
  std::vector<int64_t> class_hits;    // [K] right at first
  std::vector<int64_t> class_pictures;  // [K]
};

// The rank of the right class among scores [K]: 1 + the number of others that score at least as
// high. A tie counts as lost, so that a collapsed model gets nothing right.
int32_t rank_of_label(std::span<const float> scores, int32_t label);

// labels in [0, classes) and ranks (from rank_of_label), one each a picture; at least one.
// Intervals are over pictures, for mean_per_class_recall over each class's pictures.
Classification summarize_ranks(std::span<const int32_t> labels, std::span<const int32_t> ranks,
                               int64_t classes, int64_t resamples = 1000, uint64_t seed = 0);

// The share of ranks that are 1: what choices are made by.
double accuracy(std::span<const int32_t> ranks);

}  // namespace tandem
