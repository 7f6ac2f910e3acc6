// How well pictures find their captions and captions their pictures: recall at 1, 5 and 10 and
// ranks, as CLIP (Radford et al. 2021, section 3.1.4 and table 13) and CLIP_benchmark report it.
// N pictures, M captions, E shared width.
#pragma once

#include "core/error.h"

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tandem {

// Features that are not finite: the model that gave them has diverged.
struct DivergedError : DataError {
  using DataError::DataError;
};

// What is compared. Scores are dot products, so features are unit vectors if cosines are wanted.
struct RetrievalFeatures {
  std::span<const float> images;           // [N, E]
  std::span<const float> texts;            // [M, E]
  int64_t width = 0;                       // E
  std::span<const int64_t> image_of_text;  // [M], in [0, N): several captions may share one;
                                           // negative: of no picture, so wrong for every one
  std::span<const int64_t> group_of_image = {};  // [N], negative for none; or empty
};

struct RetrievalOptions {
  // What counts as found: a caption of the same picture, or also of another one of its group.
  bool group_is_positive = false;
  int64_t resamples = 1000;  // of the bootstrap; 0 leaves the intervals empty
  uint64_t seed = 0;         // of the bootstrap
  int threads = 0;           // 0: one a core
};

// A 95 % confidence interval.
struct Interval {
  double low = 0;
  double high = 0;
};

// The share of queries with at least one positive among the first k candidates, in [0, 1].
struct Recall {
  int64_t k = 0;
  double share = 0;
  Interval interval;  // percentile bootstrap over pictures (groups, where those are positives)
};

// One direction. A query's rank is 1 + the number of wrong candidates that score at least as high
// as its best positive: a tie counts as lost, so a model that gives everything the same feature
// finds nothing. Queries without any positive (a picture without captions) are left out.
struct RetrievalDirection {
  int64_t queries = 0;
  int64_t candidates = 0;
  std::vector<Recall> recalls;  // at 1, 5 and 10
  double mean_rank = 0;
  double median_rank = 0;      // of an even number, the mean of the middle two
  std::vector<int64_t> ranks;  // by query; 0 for one that is left out

  double recall_at(int64_t k) const;  // share at 1, 5 or 10; throws Error for another k
};

struct RetrievalResult {
  RetrievalDirection image_to_text;
  RetrievalDirection text_to_image;
};

// Evaluates both directions in tiles: memory is O(N + M), whatever the sizes. The same features
// give the same result on every machine and for every number of threads. Throws DataError for
// empty or non-finite features and for sizes or indices that do not fit together.
RetrievalResult evaluate_retrieval(const RetrievalFeatures& features,
                                   const RetrievalOptions& options = {});

// The result as named values for logs, in open_clip's names: "image_to_text_R@1",
// "image_to_text_mean_rank", ..., "text_to_image_median_rank".
std::vector<std::pair<std::string, double>> retrieval_values(const RetrievalResult& result);

struct RankedCandidate {
  int64_t index = 0;
  float score = 0;
};

// The `count` best candidates [K, E] for one query [E], best first, of equal ones the first. All
// of them if there are fewer.
std::vector<RankedCandidate> top_candidates(std::span<const float> query,
                                            std::span<const float> candidates, int64_t count);

}  // namespace tandem
