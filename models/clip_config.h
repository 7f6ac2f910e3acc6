// What a CLIP-like model is made of. Field names are open_clip's.
#pragma once

#include "models/adapters/adaptation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

namespace tandem {

// ViT (Dosovitskiy et al. 2020) as CLIP has it: class token, ln_pre, ln_post on the class token.
struct VisionConfig {
  int64_t image_size = 224;  // pixels a side
  int64_t patch_size = 32;   // pixels a side; divides image_size
  int64_t width = 768;
  int64_t layers = 12;
  int64_t head_width = 64;  // divides width
  double mlp_ratio = 4.0;
  double patch_dropout = 0;  // share of patches that a training step leaves out

  bool operator==(const VisionConfig&) const = default;

  int64_t patches() const { return (image_size / patch_size) * (image_size / patch_size); }
  // Those that a training step sees; at least one.
  int64_t kept_patches() const {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(patches()) *
                                                     (1 - patch_dropout)));
  }
};

// Text transformer, as CLIP has it unless told otherwise: causal, pooled at the first end token.
struct TextConfig {
  int64_t context_length = 77;
  int64_t vocab_size = 49408;
  int64_t width = 512;
  int64_t heads = 8;  // divides width
  int64_t layers = 12;
  double mlp_ratio = 4.0;
  std::string pool_type = "argmax";  // at the first of the largest id; or "last", at the last token
  bool no_causal_mask = false;

  bool operator==(const TextConfig&) const = default;
};

struct ClipConfig {
  int64_t embed_dim = 512;
  bool quick_gelu = false;  // x sigmoid(1.702 x) in place of the exact GELU
  VisionConfig vision_cfg;
  TextConfig text_cfg;
  double init_logit_scale = std::log(1 / 0.07);
  std::optional<double> init_logit_bias;  // set for SigLIP's loss
  Adaptation adaptation;                  // what is trained, and what is added
  bool image_tower = true;  // false: the embeddings of pictures are given, and no part of it exists

  bool operator==(const ClipConfig&) const = default;
};

}  // namespace tandem
