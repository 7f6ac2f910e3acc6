#include "train/evaluate/zero_shot.h"

#include "core/cpu/threads.h"
#include "core/error.h"
#include "train/evaluate/classification.h"
#include "train/evaluate/scores.h"

#include <algorithm>

namespace tandem {
namespace {

constexpr int64_t chunk = 4096;  // pictures that are in memory at once
constexpr int columns = 8;       // classes whose scores are computed together

void score_classes(const float* picture, std::span<const float> classes, int64_t width,
                   std::vector<float>& scores) {
  const int64_t K = static_cast<int64_t>(classes.size()) / width;
  scores.resize(static_cast<size_t>(K));
  for (int64_t first = 0; first < K; first += columns) {
    const float* rows[columns];  // past the end the last one again, not looked at
    for (int64_t i = 0; i < columns; ++i) {
      rows[i] = classes.data() + std::min(first + i, K - 1) * width;
    }
    float out[1][columns];
    score_tile<1, columns>(&picture, rows, width, out);
    std::copy_n(out[0], std::min<int64_t>(columns, K - first), scores.begin() + first);
  }
}

}  // namespace

std::vector<int32_t> zero_shot_ranks(const LabelledRows& pictures, std::span<const float> classes,
                                     int threads) {
  const int64_t E = pictures.features->width();
  if (classes.empty() || classes.size() % static_cast<size_t>(E) != 0) {
    fail<DataError>("zero-shot: {} values of classes are not rows of the pictures' width {}.",
                    classes.size(), E);
  }
  Threads team(threads);
  std::vector<int32_t> ranks(static_cast<size_t>(pictures.size()));
  std::vector<float> features;
  for (int64_t begin = 0; begin < pictures.size(); begin += chunk) {
    const int64_t count = std::min(chunk, pictures.size() - begin);
    pictures.read(begin, count, features);
    team.ranges(count, 64, [&](int64_t first, int64_t last) {
      std::vector<float> scores;
      for (int64_t i = first; i < last; ++i) {
        score_classes(features.data() + i * E, classes, E, scores);
        const auto row = static_cast<size_t>(begin + i);
        ranks[row] = rank_of_label(scores, pictures.labels[row]);
      }
    });
  }
  return ranks;
}

}  // namespace tandem
