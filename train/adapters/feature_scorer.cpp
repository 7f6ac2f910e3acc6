#include "train/adapters/feature_scorer.h"

#include "train/evaluate/classification.h"

#include <algorithm>
#include <cmath>

namespace tandem {
namespace {

constexpr int64_t chunk = 512;  // pictures scored at once

}  // namespace

FeatureScorer::FeatureScorer(const ScoreGraph& build, int64_t width, Variables& variables)
    : width_(width) {
  Graph graph;
  const Tensor scores = build(graph, graph.input("features", {DType::f32, {chunk, width}}));
  classes_ = scores.shape()[1];
  program_ = std::make_unique<Program>(graph, variables, std::vector<Tensor>{scores},
                                       CompileOptions{.update = false});
}

std::vector<float> FeatureScorer::scores(const LabelledRows& pictures, const Feeds& extra) {
  std::vector<float> all, features;
  Feeds feeds = extra;
  for (int64_t begin = 0; begin < pictures.size(); begin += chunk) {
    const int64_t count = std::min(chunk, pictures.size() - begin);
    pictures.read(begin, count, features);
    features.resize(static_cast<size_t>(chunk * width_));
    feeds["features"] = as_feed(features);
    const std::vector<float> some = program_->fetch(program_->run(feeds), 0);
    all.insert(all.end(), some.begin(), some.begin() + count * classes_);
  }
  return all;
}

std::vector<int32_t> ranks_of(const std::vector<float>& scores,
                              const std::vector<int32_t>& labels) {
  const size_t K = scores.size() / labels.size();
  std::vector<int32_t> ranks;
  for (size_t i = 0; i < labels.size(); ++i) {
    ranks.push_back(rank_of_label(std::span(scores).subspan(i * K, K), labels[i]));
  }
  return ranks;
}

double cross_entropy_of(const std::vector<float>& scores, const std::vector<int32_t>& labels) {
  const size_t K = scores.size() / labels.size();
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto row = std::span(scores).subspan(i * K, K);
    const double largest = *std::max_element(row.begin(), row.end());
    double total = 0;
    for (const float score : row) total += std::exp(score - largest);
    sum += std::log(total) + largest - row[static_cast<size_t>(labels[i])];
  }
  return sum / static_cast<double>(labels.size());
}

}  // namespace tandem
