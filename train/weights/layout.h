// The ways that parameters are named and laid out in files.
#pragma once

#include "train/checkpoint/named_tensor.h"

#include <string>
#include <vector>

namespace tandem {

// open_clip: visual.transformer.resblocks.0.attn.in_proj_weight [3W, W]; x @ visual.proj. Tandem's
// own, and OpenAI's. An image tower that pools by attention is timm's there, visual.trunk.blocks.0.
// attn.qkv.weight, beside text.transformer.*; Tandem has the names of CLIP's tower for it.
// huggingface: CLIPModel and SiglipModel of Transformers: vision_model.encoder.layers.0.self_attn.
// q_proj.weight [W, W] and k, v; visual_projection.weight is visual.proj transposed.
enum class Layout { open_clip, huggingface };

struct FoundWeights {
  std::vector<NamedTensor> tensors;
  Layout found = Layout::open_clip;
  bool timm = false;                  // the image tower had timm's names
  bool custom_text = false;           // text tensors had the prefix "text."
  bool openai = false;                // held what only OpenAI's files do, such as vocab_size
  std::vector<std::string> left_out;  // tensors that are no parameters, by their names
};

// The tensors with Tandem's names and shapes, whichever layout they have. Names that are not known
// stay as they are; no value changes. Throws CheckpointError, which starts with `source`, if one of
// q, k and v is missing or of another shape than the others, or two tensors get one name.
FoundWeights from_layout(std::vector<NamedTensor> tensors, const std::string& source);

// The inverse, with scalars as [], or [1] as SiglipModel has them.
std::vector<NamedTensor> to_layout(std::vector<NamedTensor> tensors, Layout layout);

}  // namespace tandem
