#include "train/evaluate/retrieval.h"

#include "core/cpu/threads.h"
#include "core/error.h"
#include "train/evaluate/bootstrap.h"
#include "train/evaluate/scores.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace tandem {
namespace {

constexpr std::array<int64_t, 3> recall_ks{1, 5, 10};
constexpr int64_t tile_rows = 2;     // images and
constexpr int64_t tile_columns = 4;  // texts whose scores are computed together
constexpr int64_t block = 64;        // images that stay in the cache while the texts pass by

// Scores of larger features could overflow; those compared here are unit vectors or near it.
constexpr float largest_feature = 1e12f;

// What a query without any positive has in place of its best score.
constexpr float no_score = -std::numeric_limits<float>::infinity();

// Features with, for every image and text, its key: a pair is positive where the keys are equal.
struct Problem {
  const RetrievalFeatures& features;
  int64_t images, texts, width;
  std::vector<int64_t> image_key, text_key;  // dense, in [0, keys)
  size_t keys = 0;

  const float* image(int64_t i) const { return features.images.data() + i * width; }
  const float* text(int64_t t) const { return features.texts.data() + t * width; }
};

void check_features(std::span<const float> values, int64_t width, const char* what) {
  if (values.empty() || values.size() % static_cast<size_t>(width) != 0) {
    fail<DataError>("retrieval: {} values of {} features are not a positive number of rows of {}.",
                    values.size(), what, width);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i]) <= largest_feature) continue;  // false for NaN
    fail<DivergedError>(
        "retrieval: the feature of {} {} has the value {}; the model that gave it has diverged.",
        what, i / static_cast<size_t>(width), values[i]);
  }
}

void check(const RetrievalFeatures& features) {
  if (features.width <= 0) {
    fail<DataError>("retrieval: the features' width is {}; it must be positive.", features.width);
  }
  check_features(features.images, features.width, "image");
  check_features(features.texts, features.width, "text");
  const size_t images = features.images.size() / static_cast<size_t>(features.width);
  const size_t texts = features.texts.size() / static_cast<size_t>(features.width);
  if (features.image_of_text.size() != texts) {
    fail<DataError>("retrieval: there are {} texts but the images of {}; give one for each.", texts,
                    features.image_of_text.size());
  }
  if (!features.group_of_image.empty() && features.group_of_image.size() != images) {
    fail<DataError>("retrieval: there are {} images but the groups of {}; give one for each.",
                    images, features.group_of_image.size());
  }
  for (size_t t = 0; t < texts; ++t) {
    const int64_t image = features.image_of_text[t];
    if (image < 0 || static_cast<size_t>(image) < images) continue;
    fail<DataError>("retrieval: text {} belongs to image {}, but there are {} images.", t, image,
                    images);
  }
}

Problem make_problem(const RetrievalFeatures& features, bool group_is_positive) {
  check(features);
  const int64_t width = features.width;
  Problem problem{features,
                  static_cast<int64_t>(features.images.size()) / width,
                  static_cast<int64_t>(features.texts.size()) / width,
                  width,
                  {},
                  {},
                  0};
  std::unordered_map<int64_t, int64_t> key_of_group;
  for (int64_t i = 0; i < problem.images; ++i) {
    const bool by_group = group_is_positive && !features.group_of_image.empty() &&
                          features.group_of_image[static_cast<size_t>(i)] >= 0;
    auto key = static_cast<int64_t>(problem.keys);
    if (by_group) {
      const int64_t group = features.group_of_image[static_cast<size_t>(i)];
      key = key_of_group.emplace(group, key).first->second;
    }
    problem.image_key.push_back(key);
    problem.keys += static_cast<size_t>(key) == problem.keys;
  }
  for (const int64_t image : features.image_of_text) {
    problem.text_key.push_back(image < 0 ? static_cast<int64_t>(problem.keys++)
                                         : problem.image_key[static_cast<size_t>(image)]);
  }
  return problem;
}

std::vector<std::vector<int64_t>> members_by_key(std::span<const int64_t> keys, size_t count) {
  std::vector<std::vector<int64_t>> members(count);
  for (size_t i = 0; i < keys.size(); ++i) {
    members[static_cast<size_t>(keys[i])].push_back(i);
  }
  return members;
}

// The score of every query's best positive, or no_score.
struct BestPositives {
  std::vector<float> of_image, of_text;
};

BestPositives find_best_positives(const Problem& problem) {
  BestPositives best{std::vector<float>(static_cast<size_t>(problem.images), no_score),
                     std::vector<float>(static_cast<size_t>(problem.texts), no_score)};
  const auto texts = members_by_key(problem.text_key, problem.keys);
  for (int64_t i = 0; i < problem.images; ++i) {
    float& of_image = best.of_image[static_cast<size_t>(i)];
    for (const int64_t t : texts[static_cast<size_t>(problem.image_key[static_cast<size_t>(i)])]) {
      const float value = score(problem.image(i), problem.text(t), problem.width);
      float& of_text = best.of_text[static_cast<size_t>(t)];
      of_image = std::max(of_image, value);
      of_text = std::max(of_text, value);
    }
  }
  return best;
}

// For every query, the wrong candidates that score at least as high as its best positive.
struct Ahead {
  std::vector<int64_t> of_image;
  std::vector<std::atomic<int64_t>> of_text;  // counts from several threads add up in any order
};

void count_tile(const Problem& problem, const BestPositives& best, int64_t image, int64_t images,
                int64_t text, Ahead& ahead) {
  // Past the end the last row is taken again, and its scores are not looked at.
  const float* rows[tile_rows];
  const float* columns[tile_columns];
  for (int64_t i = 0; i < tile_rows; ++i) rows[i] = problem.image(std::min(image + i, images - 1));
  for (int64_t t = 0; t < tile_columns; ++t) {
    columns[t] = problem.text(std::min(text + t, problem.texts - 1));
  }
  float scores[tile_rows][tile_columns];
  score_tile<tile_rows, tile_columns>(rows, columns, problem.width, scores);
  for (int64_t i = 0; i < tile_rows && image + i < images; ++i) {
    const auto row = static_cast<size_t>(image + i);
    for (int64_t t = 0; t < tile_columns && text + t < problem.texts; ++t) {
      const auto column = static_cast<size_t>(text + t);
      if (problem.image_key[row] == problem.text_key[column]) continue;
      ahead.of_image[row] += scores[i][t] >= best.of_image[row];
      if (scores[i][t] >= best.of_text[column]) {
        ahead.of_text[column].fetch_add(1, std::memory_order_relaxed);
      }
    }
  }
}

Ahead count_ahead(const Problem& problem, const BestPositives& best, int threads) {
  Ahead ahead{std::vector<int64_t>(static_cast<size_t>(problem.images)),
              std::vector<std::atomic<int64_t>>(static_cast<size_t>(problem.texts))};
  const auto count_block = [&](int64_t begin, int64_t end) {
    for (int64_t text = 0; text < problem.texts; text += tile_columns) {
      for (int64_t image = begin; image < end; image += tile_rows) {
        count_tile(problem, best, image, end, text, ahead);
      }
    }
  };
  Threads(threads).ranges(problem.images, block, count_block);
  return ahead;
}

double median(std::vector<int64_t> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const auto upper = static_cast<double>(values[middle]);
  if (values.size() % 2 == 1) return upper;
  return (static_cast<double>(values[middle - 1]) + upper) / 2;
}

// Hits at every k, by the cluster (key) of the queries; clusters without queries are left out.
std::vector<ClusterHits> cluster_hits(const std::vector<int64_t>& ranks,
                                      const std::vector<int64_t>& keys, size_t key_count) {
  std::vector<ClusterHits> clusters(key_count, {std::vector<int64_t>(recall_ks.size()), 0});
  for (size_t query = 0; query < ranks.size(); ++query) {
    if (ranks[query] == 0) continue;
    ClusterHits& cluster = clusters[static_cast<size_t>(keys[query])];
    for (size_t k = 0; k < recall_ks.size(); ++k) cluster.hits[k] += ranks[query] <= recall_ks[k];
    ++cluster.queries;
  }
  std::erase_if(clusters, [](const ClusterHits& cluster) { return cluster.queries == 0; });
  return clusters;
}

RetrievalDirection summarize(std::vector<int64_t> ranks, const std::vector<int64_t>& keys,
                             size_t key_count, int64_t candidates,
                             const RetrievalOptions& options) {
  RetrievalDirection direction;
  direction.candidates = candidates;
  std::vector<int64_t> counted = ranks;
  std::erase(counted, 0);
  direction.queries = static_cast<int64_t>(counted.size());
  const auto queries = static_cast<double>(counted.size());
  direction.mean_rank =
      static_cast<double>(std::accumulate(counted.begin(), counted.end(), int64_t{0})) / queries;
  direction.median_rank = median(counted);
  const auto intervals = bootstrap_intervals(cluster_hits(ranks, keys, key_count), recall_ks.size(),
                                             options.resamples, options.seed);
  for (size_t i = 0; i < recall_ks.size(); ++i) {
    const int64_t k = recall_ks[i];
    const auto hits =
        std::count_if(counted.begin(), counted.end(), [&](int64_t rank) { return rank <= k; });
    direction.recalls.push_back({k, static_cast<double>(hits) / queries, intervals[i]});
  }
  direction.ranks = std::move(ranks);
  return direction;
}

// 1 + those ahead; 0 for a query without a positive.
template <class Counts>
std::vector<int64_t> make_ranks(const Counts& ahead, const std::vector<float>& best) {
  std::vector<int64_t> ranks(best.size());
  for (size_t i = 0; i < best.size(); ++i) ranks[i] = best[i] == no_score ? 0 : 1 + ahead[i];
  return ranks;
}

}  // namespace

double RetrievalDirection::recall_at(int64_t k) const {
  for (const Recall& recall : recalls) {
    if (recall.k == k) return recall.share;
  }
  fail<Error>("retrieval: there is no recall at {}; ask for 1, 5 or 10.", k);
}

RetrievalResult evaluate_retrieval(const RetrievalFeatures& features,
                                   const RetrievalOptions& options) {
  const Problem problem = make_problem(features, options.group_is_positive);
  const BestPositives best = find_best_positives(problem);
  const Ahead ahead = count_ahead(problem, best, options.threads);
  return {summarize(make_ranks(ahead.of_image, best.of_image), problem.image_key, problem.keys,
                    problem.texts, options),
          summarize(make_ranks(ahead.of_text, best.of_text), problem.text_key, problem.keys,
                    problem.images, options)};
}

std::vector<std::pair<std::string, double>> retrieval_values(const RetrievalResult& result) {
  std::vector<std::pair<std::string, double>> values;
  const auto add = [&](const std::string& name, const RetrievalDirection& direction) {
    for (const Recall& recall : direction.recalls) {
      values.emplace_back(fmt::format("{}_R@{}", name, recall.k), recall.share);
    }
    values.emplace_back(name + "_mean_rank", direction.mean_rank);
    values.emplace_back(name + "_median_rank", direction.median_rank);
  };
  add("image_to_text", result.image_to_text);
  add("text_to_image", result.text_to_image);
  return values;
}

std::vector<RankedCandidate> top_candidates(std::span<const float> query,
                                            std::span<const float> candidates, int64_t count) {
  const auto width = static_cast<int64_t>(query.size());
  if (width == 0 || candidates.size() % query.size() != 0) {
    fail<DataError>("retrieval: {} values of candidates are not rows of the query's width {}.",
                    candidates.size(), width);
  }
  std::vector<RankedCandidate> ranked(candidates.size() / query.size());
  for (size_t i = 0; i < ranked.size(); ++i) {
    ranked[i] = {static_cast<int64_t>(i),
                 score(query.data(), candidates.data() + i * query.size(), width)};
  }
  const auto kept =
      std::min<size_t>(static_cast<size_t>(std::max<int64_t>(count, 0)), ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(kept),
                    ranked.end(), [](const RankedCandidate& a, const RankedCandidate& b) {
                      return a.score != b.score ? a.score > b.score : a.index < b.index;
                    });
  ranked.resize(kept);
  return ranked;
}

}  // namespace tandem
