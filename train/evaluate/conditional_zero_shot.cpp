#include "train/evaluate/conditional_zero_shot.h"

#include "models/clip.h"
#include "train/evaluate/classification.h"

#include <algorithm>

namespace tandem {

namespace {

constexpr int64_t texts_at_once = 256;

}  // namespace

ConditionalClassifier::ConditionalClassifier(const ClipConfig& model, Variables& variables,
                                             const std::vector<int32_t>& ids)
    : K_(static_cast<int64_t>(ids.size()) / model.text_cfg.context_length),
      N_(std::max<int64_t>(1, texts_at_once / K_)),
      E_(model.embed_dim) {
  texts_.ids = ids;
  texts_.prepare(model.text_cfg, model.adaptation.prompts.context_rows());
  Graph graph;
  const Clip clip(graph, model);
  const Tensor images = graph.input("image_features", {DType::f32, {N_, E_}});
  const Tensor logits = clip.class_logits(images, clip.text_inputs(graph, K_));
  program_ = std::make_unique<Program>(graph, variables, std::vector<Tensor>{logits});
}

std::vector<int32_t> ConditionalClassifier::ranks(const LabelledRows& pictures) {
  Feeds feeds = texts_.feeds();
  std::vector<int32_t> ranks;
  std::vector<float> features;
  for (int64_t begin = 0; begin < pictures.size(); begin += N_) {
    const int64_t count = std::min(N_, pictures.size() - begin);
    pictures.read(begin, count, features);
    features.resize(static_cast<size_t>(N_ * E_));
    feeds["image_features"] = as_feed(features);
    const std::vector<float> scores = program_->fetch(program_->run(feeds), 0);
    for (int64_t i = 0; i < count; ++i) {
      const std::vector<float> row(scores.begin() + i * K_, scores.begin() + (i + 1) * K_);
      ranks.push_back(rank_of_label(row, pictures.labels[static_cast<size_t>(begin + i)]));
    }
  }
  return ranks;
}

}  // namespace tandem
