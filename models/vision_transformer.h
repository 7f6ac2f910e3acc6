// ViT (Dosovitskiy et al. 2020) as in CLIP: patches, class token, position table, ln_pre,
// transformer, ln_post on the class token, projection. Parameter names are open_clip's.
#pragma once

#include "models/clip_config.h"
#include "models/transformer.h"

namespace tandem {

class VisionTransformer {
 public:
  // Declares `visual.*`. E is the width of the shared space.
  VisionTransformer(Graph& graph, const VisionConfig& config, Activation activation, int64_t E);

  // [N, E], not normalised, from normalised pixels [N, 3, H, W].
  Tensor forward(Tensor pixels) const;

 private:
  VisionConfig config_;
  Tensor conv1_;                 // [C, 3, P, P]
  Tensor class_embedding_;       // [C]
  Tensor positional_embedding_;  // [1 + (H/P)(W/P), C]
  LayerNorm ln_pre_;
  Transformer transformer_;
  LayerNorm ln_post_;
  Tensor projection_;  // [C, E]
};

}  // namespace tandem
