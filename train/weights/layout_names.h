// open_clip's parameter names and those of Transformers' CLIPModel, side by side.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tandem {

// The other layout's name for a tensor that is the same in both but for transposition; nothing for
// what has no such name.
struct OtherName {
  std::string name;
  bool transposed = false;
};
std::optional<OtherName> huggingface_name(std::string_view open_clip);
std::optional<OtherName> open_clip_name(std::string_view huggingface);

// One of a block's query, key and value in Transformers, all of which open_clip has in one tensor:
// `joint` is "...attn.in_proj_weight" or "..._bias", part 0, 1 or 2.
struct AttentionPart {
  std::string joint;
  int part = 0;
};
std::optional<AttentionPart> attention_part(std::string_view huggingface);

// Transformers' name of a part; nothing if `open_clip` is not a joint tensor.
std::optional<std::string> attention_part_name(std::string_view open_clip, int part);

}  // namespace tandem
