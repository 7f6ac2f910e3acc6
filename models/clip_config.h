// What a CLIP-like model is made of. Field names are open_clip's.
#pragma once

#include "models/adapters/adaptation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

namespace tandem {

// Hidden channels of an MLP. A ratio that is a quotient of theirs may be rounded down.
inline int64_t mlp_channels(int64_t width, double ratio) {
  return static_cast<int64_t>(static_cast<double>(width) * ratio + 1e-6);
}

// Arguments of a tower's norms and of its GELU, by PyTorch's names.
struct NormKwargs {
  double eps = 1e-5;

  bool operator==(const NormKwargs&) const = default;
};

struct ActKwargs {
  std::string approximate = "none";  // or "tanh"

  bool operator==(const ActKwargs&) const = default;
};

// ViT (Dosovitskiy et al. 2020), as CLIP has it unless told otherwise: class token, ln_pre, ln_post
// on the class token, projection. SigLIP's (Zhai et al. 2023) has a bias in the patch embedding,
// neither class token nor ln_pre nor projection, and pools by attention.
struct VisionConfig {
  int64_t image_size = 224;  // pixels a side
  int64_t patch_size = 32;   // pixels a side; divides image_size unless crop_to_patches
  int64_t width = 768;
  int64_t layers = 12;
  int64_t head_width = 64;  // divides width
  double mlp_ratio = 4.0;
  double patch_dropout = 0;  // share of patches that a training step leaves out
  bool crop_to_patches = false;  // leave out the pixels right and below that make no whole patch
  bool patch_bias = false;       // of the patch embedding
  bool class_token = true;
  bool no_ln_pre = false;
  std::string pool_type = "tok";     // at the class token, or by attention: "map"
  std::string proj_type = "linear";  // or "none": width is embed_dim
  NormKwargs norm_kwargs;
  ActKwargs act_kwargs;
  std::string weight_init = "torch";  // linear layers start by PyTorch's defaults, or as "timm"'s

  bool operator==(const VisionConfig&) const = default;

  int64_t patches() const { return (image_size / patch_size) * (image_size / patch_size); }
  // Those that a training step sees; at least one.
  int64_t kept_patches() const {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(patches()) *
                                                     (1 - patch_dropout)));
  }
  int64_t tokens() const { return class_tokens() + patches(); }
  int64_t kept_tokens() const { return class_tokens() + kept_patches(); }
  int64_t class_tokens() const { return class_token ? 1 : 0; }
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
  std::string proj_type = "linear";  // or "none": width is embed_dim
  bool proj_bias = false;            // of the projection
  NormKwargs norm_kwargs;
  ActKwargs act_kwargs;
  std::string hf_tokenizer_name;  // of the published weights' tokenizer, for messages

  bool operator==(const TextConfig&) const = default;
};

struct ClipConfig {
  int64_t embed_dim = 512;
  bool quick_gelu = false;  // x sigmoid(1.702 x) in place of GELU
  VisionConfig vision_cfg;
  TextConfig text_cfg;
  double init_logit_scale = std::log(1 / 0.07);
  std::optional<double> init_logit_bias;  // set for SigLIP's loss
  Adaptation adaptation;                  // what is trained, and what is added
  bool image_tower = true;  // false: the embeddings of pictures are given, and no part of it exists

  bool operator==(const ClipConfig&) const = default;
};

// "quick_gelu", "gelu" or "gelu_tanh"; both towers' where they differ: "gelu, gelu_tanh".
std::string activation_of(const ClipConfig& model);

}  // namespace tandem
