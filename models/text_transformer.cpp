#include "models/text_transformer.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/embedding.h"
#include "autograd/ops/movement.h"

#include <algorithm>
#include <cmath>

namespace tandem {

void TextArrays::prepare(int64_t context_length, int64_t vocab_size) {
  order = embedding_order(ids, vocab_size);
  const auto T = static_cast<size_t>(context_length);
  end.resize(ids.size() / T);
  for (size_t n = 0; n < end.size(); ++n) {
    const auto row = ids.begin() + static_cast<std::ptrdiff_t>(n * T);
    end[n] = static_cast<int32_t>(std::max_element(row, row + context_length) - row);
  }
}

TextTransformer::TextTransformer(Graph& graph, const TextConfig& config, Activation activation,
                                 int64_t E)
    : config_(config),
      token_embedding_(graph.parameter("token_embedding.weight",
                                       {config.vocab_size, config.width},
                                       Initializer::normal(0.02))),
      positional_embedding_(graph.parameter("positional_embedding",
                                            {config.context_length, config.width},
                                            Initializer::normal(0.01))),
      transformer_(graph, "transformer.",
                   {.width = config.width,
                    .layers = config.layers,
                    .heads = config.heads,
                    .mlp_ratio = config.mlp_ratio,
                    .activation = activation,
                    .causal = true,
                    .text_init = true}),
      ln_final_(graph, "ln_final", config.width),
      projection_(graph.parameter(
          "text_projection", {config.width, E},
          Initializer::normal(1 / std::sqrt(static_cast<double>(config.width))))) {}

TextInput TextTransformer::inputs(Graph& graph, int64_t N) const {
  const int64_t T = config_.context_length;
  return {graph.input("tokens", {DType::i32, {N, T}}),
          graph.input("token_order", {DType::i32, {N * T}}),
          graph.input("text_end", {DType::i32, {N}})};
}

Tensor TextTransformer::forward(const TextInput& text) const {
  const Scope scope(text.ids.graph(), "text");
  const Tensor x = add(embedding(token_embedding_, text.ids, text.order), positional_embedding_);
  const Pool end_token = [&](Tensor all) { return gather_rows(all, text.end); };
  const Tensor pooled = transformer_.forward(x, end_token);
  return matmul(ln_final_.forward(pooled), projection_);
}

}  // namespace tandem
