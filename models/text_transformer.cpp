#include "models/text_transformer.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/embedding.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/reshape.h"

#include <algorithm>
#include <cmath>

namespace tandem {

void TextArrays::prepare(const TextConfig& text, int64_t context_rows) {
  const auto T = static_cast<size_t>(text.context_length);
  if (context_rows > 0) split_contexts(text.vocab_size, context_rows);
  order = embedding_order(ids, text.vocab_size);
  end.assign(ids.size() / T, static_cast<int32_t>(T) - 1);
  if (text.pool_type == "last") return;
  for (size_t n = 0; n < end.size(); ++n) {
    const auto row = ids.begin() + static_cast<std::ptrdiff_t>(n * T);
    end[n] = static_cast<int32_t>(std::max_element(row, row + text.context_length) - row);
  }
}

void TextArrays::split_contexts(int64_t vocab_size, int64_t context_rows) {
  contexts.assign(ids.size(), 0);
  words.assign(ids.size(), 1.0f);
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < vocab_size) continue;
    contexts[i] = ids[i] - static_cast<int32_t>(vocab_size) + 1;
    words[i] = 0.0f;
    ids[i] = 0;
  }
  context_order = embedding_order(contexts, context_rows + 1);
}

TextArrays TextArrays::part(int64_t first, int64_t count, const TextConfig& text,
                            int64_t context_rows) const {
  const auto cut = [&](const auto& all, int64_t each) {
    const auto begin = all.begin() + first * each;
    return std::decay_t<decltype(all)>(begin, begin + count * each);
  };
  TextArrays part{.ids = cut(ids, text.context_length), .end = cut(end, 1)};
  part.order = embedding_order(part.ids, text.vocab_size);
  if (context_rows == 0) return part;
  part.contexts = cut(contexts, text.context_length);
  part.words = cut(words, text.context_length);
  part.context_order = embedding_order(part.contexts, context_rows + 1);
  return part;
}

Feeds TextArrays::feeds() const {
  Feeds feeds{
      {"tokens", as_feed(ids)}, {"token_order", as_feed(order)}, {"text_end", as_feed(end)}};
  if (words.empty()) return feeds;
  feeds["contexts"] = as_feed(contexts);
  feeds["context_order"] = as_feed(context_order);
  feeds["words"] = as_feed(words);
  return feeds;
}

TextTransformer::TextTransformer(Parameters& parameters, const TextConfig& config,
                                 Activation activation, int64_t E)
    : config_(config),
      contexts_(parameters.adaptation().prompts.text > 0),
      token_embedding_(parameters.base("token_embedding.weight",
                                       {config.vocab_size, config.width},
                                       Initializer::normal(0.02))),
      positional_embedding_(parameters.base("positional_embedding",
                                            {config.context_length, config.width},
                                            Initializer::normal(0.01))),
      transformer_(parameters, "transformer.",
                   {.width = config.width,
                    .layers = config.layers,
                    .heads = config.heads,
                    .mlp_ratio = config.mlp_ratio,
                    .activation = activation,
                    .causal = !config.no_causal_mask,
                    .epsilon = config.norm_kwargs.eps,
                    .init = WeightInit::clip}),
      ln_final_(parameters, "ln_final", config.width, config.norm_kwargs.eps) {
  const int64_t C = config.width;
  const Initializer start = Initializer::normal(1 / std::sqrt(static_cast<double>(C)));
  if (config.proj_type == "none") return;
  if (config.proj_bias) {
    projection_layer_.emplace(parameters, "text_projection", E, C, start, Initializer());
  } else {
    projection_ = parameters.base("text_projection", {C, E}, start);
  }
}

TextInput TextTransformer::inputs(Graph& graph, int64_t N) const {
  const int64_t T = config_.context_length;
  TextInput text{.ids = graph.input("tokens", {DType::i32, {N, T}}),
                 .order = graph.input("token_order", {DType::i32, {N * T}}),
                 .end = graph.input("text_end", {DType::i32, {N}})};
  if (!contexts_) return text;
  text.contexts = graph.input("contexts", {DType::i32, {N, T}});
  text.context_order = graph.input("context_order", {DType::i32, {N * T}});
  text.words = graph.input("words", {DType::f32, {N, T, 1}});
  return text;
}

Tensor TextTransformer::embed(const TextInput& text, const TextPrompts& prompts) const {
  Graph& graph = text.ids.graph();
  const int64_t N = text.ids.shape()[0];
  const int64_t T = config_.context_length;
  const int64_t C = config_.width;
  const Tensor x = embedding(token_embedding_, text.ids, text.order);
  if (!prompts.contexts) return x;
  const std::vector<float> zeros(static_cast<size_t>(C), 0.0f);
  const Tensor vectors = concat({graph.constant({1, C}, zeros), prompts.contexts}, 0);
  const Tensor learnt = embedding(vectors, text.contexts, text.context_order);
  const Tensor mixed = add(mul(x, text.words), learnt);
  if (!prompts.shifts) return mixed;
  const int64_t M = prompts.shifts.shape()[0];
  const Tensor places = sub(graph.constant({1}, std::vector<float>{1.0f}), text.words);
  const Tensor moved = mul(reshape(places, {1, N, T, 1}), reshape(prompts.shifts, {M, 1, 1, C}));
  return reshape(add(moved, reshape(mixed, {1, N, T, C})), {M * N, T, C});
}

Tensor TextTransformer::forward(const TextInput& text, const TextPrompts& prompts) const {
  const Scope scope(text.ids.graph(), "text");
  const Tensor x = add(embed(text, prompts), positional_embedding_);
  const int64_t M = prompts.shifts ? prompts.shifts.shape()[0] : 1;
  const std::vector<Tensor> ends(static_cast<size_t>(M), text.end);
  const Tensor end = M == 1 ? text.end : concat(ends, 0);
  const Pool end_token = [&](Tensor all) { return gather_rows(all, end); };
  const Tensor pooled = ln_final_.forward(transformer_.forward(x, end_token, prompts.layers));
  if (projection_layer_) return projection_layer_->forward(pooled);
  return projection_ ? matmul(pooled, projection_) : pooled;
}

}  // namespace tandem
