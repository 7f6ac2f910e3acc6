#include "train/evaluate/knn_probe.h"

#include "core/cpu/threads.h"
#include "core/error.h"
#include "train/evaluate/classification.h"
#include "train/evaluate/similarities.h"

#include <algorithm>
#include <cmath>

namespace tandem {
namespace {

constexpr int64_t query_block = 1024;
constexpr int64_t train_block = 4096;

struct Neighbour {
  float similarity = 0;
  int64_t index = 0;  // in the training rows
};

bool nearer(const Neighbour& a, const Neighbour& b) {
  return a.similarity != b.similarity ? a.similarity > b.similarity : a.index < b.index;
}

// Keeps the nearest `most`; `kept` is a heap with the farthest of them at its front.
void offer(std::vector<Neighbour>& kept, const Neighbour& neighbour, size_t most) {
  if (kept.size() == most) {
    if (!nearer(neighbour, kept.front())) return;
    std::pop_heap(kept.begin(), kept.end(), nearer);
    kept.pop_back();
  }
  kept.push_back(neighbour);
  std::push_heap(kept.begin(), kept.end(), nearer);
}

// The nearest `most` training pictures of each query [n, E], nearest first.
std::vector<std::vector<Neighbour>> find_nearest(const LabelledRows& train,
                                                 std::span<const float> queries, size_t most,
                                                 Similarities& similarities, Threads& threads) {
  const auto count = static_cast<int64_t>(queries.size()) / train.features->width();
  std::vector<std::vector<Neighbour>> nearest(static_cast<size_t>(count));
  std::vector<float> block;
  for (int64_t begin = 0; begin < train.size(); begin += similarities.columns()) {
    const int64_t columns = std::min(similarities.columns(), train.size() - begin);
    train.read(begin, columns, block);
    const std::vector<float> scores = similarities(queries, block);
    threads.ranges(count, 16, [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) {
        const float* const own = scores.data() + row * similarities.columns();
        for (int64_t c = 0; c < columns; ++c) {
          offer(nearest[static_cast<size_t>(row)], {own[c], begin + c}, most);
        }
      }
    });
  }
  for (auto& kept : nearest) std::sort_heap(kept.begin(), kept.end(), nearer);
  return nearest;
}

int32_t vote(const std::vector<Neighbour>& nearest, const LabelledRows& train,
             const KnnSetting& setting, int32_t label, std::vector<float>& votes) {
  std::fill(votes.begin(), votes.end(), 0.0f);
  for (size_t i = 0; i < static_cast<size_t>(setting.k); ++i) {
    const auto& neighbour = nearest[i];
    // Relative to the nearest, which changes no order and can't overflow.
    const double weight =
        std::exp((neighbour.similarity - nearest[0].similarity) / setting.temperature);
    votes[static_cast<size_t>(train.labels[static_cast<size_t>(neighbour.index)])] +=
        static_cast<float>(weight);
  }
  return rank_of_label(votes, label);
}

}  // namespace

std::vector<std::vector<int32_t>> knn_ranks(const LabelledRows& train, const LabelledRows& queries,
                                            int64_t classes,
                                            const std::vector<KnnSetting>& settings,
                                            Device& device) {
  int64_t most = 0;
  for (const KnnSetting& setting : settings) most = std::max(most, setting.k);
  if (most > train.size()) {
    fail<ConfigError>("knn: k is {}, but there are {} training pictures; give a smaller --k.", most,
                      train.size());
  }
  Similarities similarities(device, std::min(query_block, queries.size()),
                            std::min(train_block, train.size()), train.features->width());
  Threads threads;
  std::vector<std::vector<int32_t>> ranks(settings.size());
  std::vector<float> block, votes(static_cast<size_t>(classes));
  for (int64_t begin = 0; begin < queries.size(); begin += similarities.rows()) {
    queries.read(begin, std::min(similarities.rows(), queries.size() - begin), block);
    const auto nearest =
        find_nearest(train, block, static_cast<size_t>(most), similarities, threads);
    for (size_t row = 0; row < nearest.size(); ++row) {
      const int32_t label = queries.labels[static_cast<size_t>(begin) + row];
      for (size_t s = 0; s < settings.size(); ++s) {
        ranks[s].push_back(vote(nearest[row], train, settings[s], label, votes));
      }
    }
  }
  return ranks;
}

}  // namespace tandem
