// Confidence intervals by resampling (Efron & Tibshirani 1993, chapter 13: the percentile
// interval), over clusters: captions of one picture succeed and fail together, so it is pictures
// that are drawn, with all that belongs to them.
#pragma once

#include "train/evaluate/retrieval.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tandem {

// What one cluster adds: hits at each k, and queries.
struct ClusterHits {
  std::vector<int64_t> hits;
  int64_t queries = 0;
};

// 95 % intervals of sum(hits[k]) / sum(queries), one for each k. Empty intervals for no resamples
// or no clusters. Draws depend on the seed alone (Philox).
std::vector<Interval> bootstrap_intervals(std::span<const ClusterHits> clusters, size_t recalls,
                                          int64_t resamples, uint64_t seed);

}  // namespace tandem
