// CLIP's text tower (Radford et al. 2021, section 2.4): token and position tables, a causal
// transformer, ln_final and a projection, pooled at the first end token. SigLIP's (Zhai et al. 2023)
// has no causal mask, is pooled at the last token, and projected with a bias.
#pragma once

#include "autograd/program.h"
#include "models/adapters/prompt_learner.h"
#include "models/clip_config.h"
#include "models/transformer.h"

#include <optional>
#include <span>
#include <vector>

namespace tandem {

// What the text tower is given, all i32.
struct TextInput {
  Tensor ids;    // [N, T]
  Tensor order;  // [N T]: positions in ids sorted by id (see embedding_order)
  Tensor end;    // [N]: where each text is pooled
  // Of models with learnt contexts:
  Tensor contexts;       // [N, T]: 0 at a word, i at the context vector i - 1
  Tensor context_order;  // [N T]: as order, of contexts
  Tensor words;          // f32 [N, T, 1]: 1 at a word, else 0
};

// The host's side of a TextInput.
struct TextArrays {
  std::vector<int32_t> ids, order, end;
  std::vector<int32_t> contexts, context_order;  // of models with learnt contexts
  std::vector<float> words;

  // Fills the others for ids [N, T]; CLIP's end token is the largest id of a vocabulary. An id
  // vocab_size + i stands for context vector i of `context_rows`, and becomes 0. Throws DataError
  // for an id outside these.
  void prepare(const TextConfig& text, int64_t context_rows = 0);

  // Those of `count` texts from `first` on, after prepare() with the same numbers.
  TextArrays part(int64_t first, int64_t count, const TextConfig& text,
                  int64_t context_rows = 0) const;

  // For the inputs that TextTransformer::inputs adds. Views of this.
  Feeds feeds() const;

 private:
  void split_contexts(int64_t vocab_size, int64_t context_rows);
};

class TextTransformer {
 public:
  TextTransformer(Parameters& parameters, const TextConfig& config, Activation activation,
                  int64_t E);

  // Adds the inputs `tokens`, `token_order` and `text_end` for N texts; with learnt contexts
  // `contexts`, `context_order` and `words`, too.
  TextInput inputs(Graph& graph, int64_t N) const;

  // [N, E], not normalised. With shifts of M pictures, [M N, E]: all texts of the first first.
  Tensor forward(const TextInput& text, const TextPrompts& prompts = {}) const;

 private:
  Tensor embed(const TextInput& text, const TextPrompts& prompts) const;  // [M N, T, C]

  TextConfig config_;
  bool contexts_;
  Tensor token_embedding_;       // [V, C]
  Tensor positional_embedding_;  // [T, C]
  Transformer transformer_;
  LayerNorm ln_final_;
  Tensor projection_;                       // [C, E] or null
  std::optional<Linear> projection_layer_;  // in its place, with a bias: C -> E
};

}  // namespace tandem
