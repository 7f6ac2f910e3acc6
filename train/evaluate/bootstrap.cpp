#include "train/evaluate/bootstrap.h"

#include "core/philox.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace tandem {
namespace {

// The quantile of sorted values, linear between neighbours.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - std::floor(at)) * (sorted[above] - sorted[below]);
}

// Philox as the standard library's distributions take random numbers.
struct Words {
  using result_type = uint32_t;
  static constexpr uint32_t min() { return 0; }
  static constexpr uint32_t max() { return ~uint32_t{0}; }
  uint32_t operator()() { return random.bits(); }

  Random random;
};

// Where the middle 95 % lie.
Interval middle(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  return {quantile(values, 0.025), quantile(values, 0.975)};
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
    intervals[k] = middle(shares[k]);
  }
  return intervals;
}

Interval bootstrap_class_mean(std::span<const int64_t> hits, std::span<const int64_t> pictures,
                              int64_t resamples, uint64_t seed) {
  std::vector<double> means;
  for (int64_t resample = 0; resample < resamples; ++resample) {
    Words words{Random(seed, static_cast<uint64_t>(resample), 1, RandomUse::sample)};
    double sum = 0;
    int64_t classes = 0;
    for (size_t c = 0; c < hits.size(); ++c) {
      if (pictures[c] == 0) continue;
      const auto count = static_cast<double>(pictures[c]);
      std::binomial_distribution<int64_t> drawn(pictures[c], static_cast<double>(hits[c]) / count);
      sum += static_cast<double>(drawn(words)) / count;
      ++classes;
    }
    if (classes > 0) means.push_back(sum / static_cast<double>(classes));
  }
  return means.empty() ? Interval{} : middle(means);
}

}  // namespace tandem
