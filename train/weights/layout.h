// The two ways that CLIP's parameters are named and laid out in files.
#pragma once

#include "train/checkpoint/named_tensor.h"

#include <string>
#include <vector>

namespace tandem {

// open_clip: visual.transformer.resblocks.0.attn.in_proj_weight [3W, W]; x @ visual.proj. Tandem's
// own, and OpenAI's.
// huggingface: CLIPModel of Transformers: vision_model.encoder.layers.0.self_attn.q_proj.weight
// [W, W] and k, v; visual_projection.weight is visual.proj transposed.
enum class Layout { open_clip, huggingface };

struct OpenClipWeights {
  std::vector<NamedTensor> tensors;
  Layout found = Layout::open_clip;
  bool custom_text = false;           // text tensors had the prefix "text."
  bool openai = false;                // held what only OpenAI's files do, such as vocab_size
  std::vector<std::string> left_out;  // tensors that are no parameters, by their names
};

// The tensors with open_clip's names and shapes, whichever layout they have. Names that are not
// known stay as they are; no value changes. Throws CheckpointError, which starts with `source`, if
// one of q, k and v is missing or of another shape than the others, or two tensors get one name.
OpenClipWeights to_open_clip(std::vector<NamedTensor> tensors, const std::string& source);

// The inverse, from open_clip's names, with scalars as [].
std::vector<NamedTensor> to_huggingface(std::vector<NamedTensor> tensors);

}  // namespace tandem
