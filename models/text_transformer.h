// CLIP's text tower (Radford et al. 2021, section 2.4): token and position tables, a causal
// transformer, ln_final and a projection, pooled at the first end token.
#pragma once

#include "models/clip_config.h"
#include "models/transformer.h"

#include <span>
#include <vector>

namespace tandem {

// What the text tower is given, all i32.
struct TextInput {
  Tensor ids;    // [N, T]
  Tensor order;  // [N T]: positions in ids sorted by id (see embedding_order)
  Tensor end;    // [N]: where each text's first end token is
};

// The host's side of a TextInput.
struct TextArrays {
  std::vector<int32_t> ids, order, end;

  // Fills order and end for ids [N, T]; the end token is the largest id of a vocabulary. Throws
  // DataError for an id outside the vocabulary.
  void prepare(int64_t context_length, int64_t vocab_size);
};

class TextTransformer {
 public:
  TextTransformer(Graph& graph, const TextConfig& config, Activation activation, int64_t E);

  // Adds the inputs `tokens`, `token_order` and `text_end` for N texts.
  TextInput inputs(Graph& graph, int64_t N) const;

  // [N, E], not normalised.
  Tensor forward(const TextInput& text) const;

 private:
  TextConfig config_;
  Tensor token_embedding_;       // [V, C]
  Tensor positional_embedding_;  // [T, C]
  Transformer transformer_;
  LayerNorm ln_final_;
  Tensor projection_;  // [C, E]
};

}  // namespace tandem
