// A CLIP of two blocks a tower, small enough to be evaluated in double.
#pragma once

#include "autograd/reference.h"
#include "core/philox.h"
#include "models/clip.h"

namespace tandem::test {

inline ClipConfig tiny_model(const Adaptation& adaptation = {}) {
  ClipConfig config;
  config.embed_dim = 8;
  config.vision_cfg = {.image_size = 8, .patch_size = 4, .width = 16, .layers = 2,
                       .head_width = 8};
  config.text_cfg = {.context_length = 7, .vocab_size = 20, .width = 12, .heads = 2, .layers = 2};
  config.adaptation = adaptation;
  return config;
}

inline std::vector<double> random_numbers(int64_t count, uint32_t use, double size = 1) {
  Random random(9, use, 0, RandomUse::test);
  std::vector<double> values(static_cast<size_t>(count));
  for (double& value : values) value = size * (2 * random.uniform() - 1);
  return values;
}

// Feeds of every variable of a graph: random, around 1 for the gains of norms and IA3's factors.
inline ReferenceFeeds random_variables(const Graph& graph) {
  ReferenceFeeds feeds;
  uint32_t use = 0;
  for (const Variable& variable : graph.variables()) {
    std::vector<double> values =
        random_numbers(variable.type.shape.elements(), ++use, 0.5);
    const bool gain = variable.initializer.kind == Initializer::Kind::constant &&
                      variable.initializer.value == 1;
    for (double& value : values) value += gain ? 1 : 0;
    feeds[variable.name] = std::move(values);
  }
  return feeds;
}

// Two pictures.
inline std::vector<double> tiny_pixels() { return random_numbers(2 * 3 * 8 * 8, 1000); }

// Texts of three words and `contexts` learnt vectors before them, from context `first` on.
inline std::vector<int32_t> tiny_text(int32_t word, int32_t contexts, int32_t first = 0) {
  std::vector<int32_t> ids{18};
  for (int32_t i = 0; i < contexts; ++i) ids.push_back(20 + first + i);
  ids.insert(ids.end(), {word, word + 1, 19});
  ids.resize(7);
  return ids;
}

// Feeds what TextTransformer::inputs adds.
inline void feed_texts(ReferenceFeeds& feeds, TextArrays texts, int64_t context_rows) {
  texts.prepare({.context_length = 7, .vocab_size = 20}, context_rows);
  const auto put = [&feeds](const char* name, const auto& values) {
    feeds[name] = {values.begin(), values.end()};
  };
  put("tokens", texts.ids);
  put("token_order", texts.order);
  put("text_end", texts.end);
  put("contexts", texts.contexts);
  put("context_order", texts.context_order);
  put("words", texts.words);
}

}  // namespace tandem::test
