#include "train/evaluate/bootstrap.h"

#include "core/philox.h"

#include <algorithm>
#include <cmath>

namespace tandem {
namespace {

// The quantile of sorted values, linear between neighbours.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - std::floor(at)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::vector<Interval> bootstrap_intervals(std::span<const ClusterHits> clusters, size_t recalls,
                                          int64_t resamples, uint64_t seed) {
  std::vector<Interval> intervals(recalls);
  if (clusters.empty() || resamples <= 0) return intervals;
  std::vector<std::vector<double>> shares(recalls);
  for (int64_t resample = 0; resample < resamples; ++resample) {
    Random random(seed, static_cast<uint64_t>(resample), 0, RandomUse::sample);
    std::vector<int64_t> hits(recalls);
    int64_t queries = 0;
    for (size_t draw = 0; draw < clusters.size(); ++draw) {
      const ClusterHits& cluster = clusters[random.below(static_cast<uint32_t>(clusters.size()))];
      for (size_t k = 0; k < recalls; ++k) hits[k] += cluster.hits[k];
      queries += cluster.queries;
    }
    for (size_t k = 0; k < recalls; ++k) {
      shares[k].push_back(static_cast<double>(hits[k]) / static_cast<double>(queries));
    }
  }
  for (size_t k = 0; k < recalls; ++k) {
    std::sort(shares[k].begin(), shares[k].end());
    intervals[k] = {quantile(shares[k], 0.025), quantile(shares[k], 0.975)};
  }
  return intervals;
}

}  // namespace tandem
