// Pairs of a picture and one of its captions, by split, for contrastive training on features.
#pragma once

#include "train/config/run_config.h"
#include "train/features/feature_set.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace tandem {

struct Pair {
  int64_t picture = 0;  // rows of the set
  int64_t caption = 0;
};

class ProjectionPairs {
 public:
  // Throws ConfigError for features without captions, splits that are not there, and where no
  // picture is left to learn from or to test on.
  ProjectionPairs(const FeatureSet& set, const RunConfig& config);

  // Pictures with captions, each in one of three.
  std::vector<int64_t> train, validation, test;

  // The training pictures in an order of that epoch, each with one of its captions. Depends on the
  // seed and the epoch alone.
  std::vector<Pair> epoch(uint64_t seed, int64_t number) const;

  // All captions of some pictures, and the place of each one's picture among them.
  std::pair<std::vector<int64_t>, std::vector<int64_t>> captions_of(
      const std::vector<int64_t>& pictures) const;

 private:
  std::vector<std::vector<int64_t>> captions_;  // of each picture
};

}  // namespace tandem
