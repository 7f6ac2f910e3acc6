// Parameter names of other layouts beside Tandem's, which are open_clip's for CLIP.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

// huggingface: CLIPModel and SiglipModel of Transformers. timm: open_clip's models with an image
// tower of timm, `visual.trunk.*`, whose text tensors have lost the prefix `text.`.
enum class Scheme { huggingface, timm };
enum class Direction { to_tandem, from_tandem };

// The name of the other side for a tensor that is the same in both but for its shape; nothing for
// what has no such name.
struct OtherName {
  // leading_one: [...] in Tandem is [1, ...] there.
  enum class Change { none, transposed, leading_one };

  std::string name;
  Change change = Change::none;
};
std::optional<OtherName> other_name(std::string_view name, Scheme scheme, Direction direction);

// Query, key and value of attention, or some of them, that are tensors of their own on one side
// and one tensor, with the rows of all in this order, on the other.
struct Joint {
  std::string whole;
  std::vector<std::string> parts;
};

// For the name of a part that becomes one with others; for the name of a whole that falls apart.
std::optional<Joint> joint_of_part(std::string_view part, Scheme scheme, Direction direction);
std::optional<Joint> joint_of_whole(std::string_view whole, Scheme scheme, Direction direction);

}  // namespace tandem
