#include "train/evaluate/classification.h"

#include "train/evaluate/bootstrap.h"

#include <algorithm>

namespace tandem {

int32_t rank_of_label(std::span<const float> scores, int32_t label) {
  const float own = scores[static_cast<size_t>(label)];
  // The label itself is counted too, and makes ranks start at 1.
  return static_cast<int32_t>(
      std::count_if(scores.begin(), scores.end(), [own](float score) { return !(score < own); }));
}

double accuracy(std::span<const int32_t> ranks) {
  const auto hits = std::count(ranks.begin(), ranks.end(), 1);
  return static_cast<double>(hits) / static_cast<double>(ranks.size());
}

Classification summarize_ranks(std::span<const int32_t> labels, std::span<const int32_t> ranks,
                               int64_t classes, int64_t resamples, uint64_t seed) {
  Classification result;
  result.pictures = static_cast<int64_t>(labels.size());
  result.class_hits.resize(static_cast<size_t>(classes));
  result.class_pictures.resize(static_cast<size_t>(classes));
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<size_t>(labels[i]);
    result.class_hits[label] += ranks[i] == 1;
    ++result.class_pictures[label];
  }
  const auto within = [&](int32_t k) {
    const int64_t hits =
        std::count_if(ranks.begin(), ranks.end(), [k](int32_t rank) { return rank <= k; });
    return Share{static_cast<double>(hits) / static_cast<double>(result.pictures),
                 bootstrap_class_mean({&hits, 1}, {&result.pictures, 1}, resamples, seed)};
  };
  result.acc1 = within(1);
  if (classes > 5) result.acc5 = within(5);
  double sum = 0;
  int64_t seen = 0;
  for (size_t c = 0; c < result.class_hits.size(); ++c) {
    if (result.class_pictures[c] == 0) continue;
    sum += static_cast<double>(result.class_hits[c]) /
           static_cast<double>(result.class_pictures[c]);
    ++seen;
  }
  result.mean_per_class_recall = {
      sum / static_cast<double>(seen),
      bootstrap_class_mean(result.class_hits, result.class_pictures, resamples, seed)};
  return result;
}

}  // namespace tandem
