// ViT (Dosovitskiy et al. 2020) as in CLIP: patches, class token, position table, ln_pre,
// transformer, ln_post on the class token, projection. Parameter names are open_clip's. SigLIP's
// (Zhai et al. 2023) has no class token, ln_pre and projection, and AttentionPool after ln_post.
#pragma once

#include "models/attention_pool.h"

#include <optional>

namespace tandem {

class VisionTransformer {
 public:
  // Declares `visual.*`. E is the width of the shared space.
  VisionTransformer(Parameters& parameters, const VisionConfig& config, Activation activation,
                    int64_t E);

  // Null without patch dropout; else the input `kept_tokens` i32 [N kept_tokens()] for N pictures:
  // rows of their tokens [N tokens()], ascending, each picture's class token first, if it has one.
  Tensor kept_input(Graph& graph, int64_t N) const;

  // [N, E], not normalised, from normalised pixels [N, 3, H, W]. With `kept` all but its tokens are
  // left out once they have their positions (Li et al. 2022, "Scaling language-image pre-training
  // via masking", section 3). `prompts` [P, C] are tokens after
  // the class token of the first layer, and in their place those of the layers after it.
  Tensor forward(Tensor pixels, Tensor kept = {}, const std::vector<Tensor>& prompts = {}) const;

 private:
  Tensor embed(Tensor pixels) const;                               // [N, T, C]
  Tensor pooled(Tensor x, const std::vector<Tensor>& deep) const;  // [N, C]

  VisionConfig config_;
  Tensor conv1_;                 // [C, 3, P, P]
  Tensor conv1_bias_;            // [C] or null
  Tensor class_embedding_;       // [C] or null
  Tensor positional_embedding_;  // [T, C]
  std::optional<LayerNorm> ln_pre_;
  Transformer transformer_;
  LayerNorm ln_post_;
  std::optional<AttentionPool> attn_pool_;
  Tensor projection_;  // [C, E] or null
};

}  // namespace tandem
