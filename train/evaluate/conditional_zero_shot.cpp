#include "train/evaluate/conditional_zero_shot.h"

#include "train/evaluate/classification.h"
#include "train/text/model_tokens.h"
#include "train/text/prompts.h"

#include <algorithm>

namespace tandem {

namespace {

constexpr int64_t texts_at_once = 256;

}  // namespace

std::vector<int32_t> conditional_ranks(const LabelledRows& pictures,
                                       const std::vector<std::string>& classes,
                                       const std::string& text, LoadedModel& model) {
  const ClipConfig& config = model.config.model;
  const auto K = static_cast<int64_t>(classes.size());
  const int64_t N = std::max<int64_t>(1, texts_at_once / K);
  const int64_t E = config.embed_dim;
  TextArrays texts;
  for (const std::string& name : classes) {
    const auto ids = model_tokens(*model.tokenizer, fill_template(text, name), config);
    texts.ids.insert(texts.ids.end(), ids.begin(), ids.end());
  }
  texts.prepare(config.text_cfg, config.adaptation.prompts.context_rows());
  Graph graph;
  const Clip clip(graph, config);
  const Tensor images = graph.input("image_features", {DType::f32, {N, E}});
  const Tensor logits = clip.class_logits(images, clip.text_inputs(graph, K));
  Program program(graph, *model.variables, {logits});
  Feeds feeds = texts.feeds();
  std::vector<int32_t> ranks;
  std::vector<float> features;
  for (int64_t begin = 0; begin < pictures.size(); begin += N) {
    const int64_t count = std::min(N, pictures.size() - begin);
    pictures.read(begin, count, features);
    features.resize(static_cast<size_t>(N * E));
    feeds["image_features"] = as_feed(features);
    const std::vector<float> scores = program.fetch(program.run(feeds), 0);
    for (int64_t i = 0; i < count; ++i) {
      const std::vector<float> row(scores.begin() + i * K, scores.begin() + (i + 1) * K);
      ranks.push_back(rank_of_label(row, pictures.labels[static_cast<size_t>(begin + i)]));
    }
  }
  return ranks;
}

}  // namespace tandem
