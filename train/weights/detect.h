// A model's shape, read off its weights.
#pragma once

#include "models/clip_config.h"
#include "train/checkpoint/named_tensor.h"

#include <optional>
#include <string>
#include <vector>

namespace tandem {

// What weights do not say. -1: the usual head width, which is 64, but 80, 88 and 104 in image
// towers of width 1280, 1408 and 1664 (ViT-H, g and bigG), and SigLIP's 72 and 96 in towers of 1152
// and 1536. What else is not given is CLIP's or, for weights with its pooling and projection,
// SigLIP's.
struct DetectHints {
  int64_t vision_head_width = -1;
  int64_t text_heads = -1;
  bool quick_gelu = false;
  std::optional<std::string> text_pool;
  std::optional<bool> text_sees_ahead;  // no causal mask
  std::optional<double> vision_eps, text_eps;
  std::optional<bool> vision_tanh, text_tanh;  // GELU by tanh
  bool siglip_tanh = false;  // likewise, of a SigLIP's towers where those are not given
  std::string tokenizer;  // its name
};

// The model whose parameters these are, with Tandem's names. Throws CheckpointError naming the
// tensor that is missing or of an unexpected shape, or that only another kind of model has (a
// ResNet, another tower of timm); `source` starts the error.
ClipConfig detect_model(const std::vector<NamedTensor>& tensors, const DetectHints& hints,
                        const std::string& source);

// The model's parameters out of `tensors`, in the model's order of declaration; the names of
// others are appended to `left_out`. The image tower's position table is resized if it is of
// another size. Throws CheckpointError naming every missing tensor (up to five), or one of another
// shape.
std::vector<NamedTensor> parameters_of(const ClipConfig& model, std::vector<NamedTensor> tensors,
                                       std::vector<std::string>& left_out,
                                       const std::string& source);

}  // namespace tandem
