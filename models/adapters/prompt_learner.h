// Learnt tokens in the towers' inputs, in place of words or beside patches. P tokens, C width of
// the text tower, D of the image tower, E of the shared space.
//   CoOp (Zhou et al. 2022), section 3.2:    contexts v_1 .. v_P among the words of a text
//   CoCoOp (Zhou et al. 2022), section 3.2:  v_m + pi, pi = h(x) of the picture's embedding x
//   VPT (Jia et al. 2022), section 3.2:      tokens after the class token; deep: new ones a layer
//   MaPLe (Khattak et al. 2023), section 3.3: text tokens P_i, image tokens F_i(P_i), F_i linear
#pragma once

#include "models/adapters/low_rank.h"

namespace tandem {

// x [N, T, C] with prompt [P, C] after its first token, in place of the P tokens there or not.
Tensor with_prompt(Tensor x, Tensor prompt, bool in_place);

// What a text tower is given besides its words.
struct TextPrompts {
  Tensor contexts;             // [R, C] vectors that texts refer to, or null
  Tensor shifts;               // [M, C] added to all contexts, one for each of M pictures, or null
  std::vector<Tensor> layers;  // [P, C] for the input of each block, or null
};

class PromptLearner {
 public:
  // Declares `prompt.*`.
  PromptLearner(Parameters& parameters, int64_t C, int64_t D, int64_t E);

  // [P, D] for the first layers of the image tower.
  const std::vector<Tensor>& image() const { return image_; }
  const TextPrompts& text() const { return text_; }

  // CoCoOp: for pictures' embeddings [M, E].
  TextPrompts text_of(Tensor image_features) const;

 private:
  void declare_text(Parameters& parameters, int64_t C, int64_t E);
  void declare_image(Parameters& parameters, int64_t C, int64_t D);

  TextPrompts text_;
  std::vector<Tensor> image_;
  Tensor hidden_weight_, hidden_bias_;  // h, a network of two layers: [E / 16, E], [E / 16]
  Tensor shift_weight_, shift_bias_;    // [C, E / 16], [C]
};

}  // namespace tandem
