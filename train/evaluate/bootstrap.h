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

// 95 % interval of the mean over classes of hits / pictures: pictures are drawn within their
// class, of which hits[c] of pictures[c] succeed, so a draw is binomial whatever their number;
// classes without pictures are left out. One class gives the interval of a plain share.
Interval bootstrap_class_mean(std::span<const int64_t> hits, std::span<const int64_t> pictures,
                              int64_t resamples, uint64_t seed);

}  // namespace tandem
