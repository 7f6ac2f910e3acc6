#include "train/weights/layout_names.h"

#include <algorithm>
#include <array>
#include <span>

namespace tandem {
namespace {

using enum OtherName::Change;

// In the names `#` stands for a block's number, `@` for weight or bias.
struct Pair {
  std::string_view tandem, other;
  OtherName::Change change = none;
};

constexpr Pair kHuggingFace[] = {
    {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
    {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"visual.conv1.@", "vision_model.embeddings.patch_embedding.@"},
    {"visual.ln_pre.@", "vision_model.pre_layrnorm.@"},
    {"visual.transformer.resblocks.#.ln_1.@", "vision_model.encoder.layers.#.layer_norm1.@"},
    {"visual.transformer.resblocks.#.attn.out_proj.@",
     "vision_model.encoder.layers.#.self_attn.out_proj.@"},
    {"visual.transformer.resblocks.#.ln_2.@", "vision_model.encoder.layers.#.layer_norm2.@"},
    {"visual.transformer.resblocks.#.mlp.c_fc.@", "vision_model.encoder.layers.#.mlp.fc1.@"},
    {"visual.transformer.resblocks.#.mlp.c_proj.@", "vision_model.encoder.layers.#.mlp.fc2.@"},
    {"visual.ln_post.@", "vision_model.post_layernorm.@"},
    {"visual.proj", "visual_projection.weight", transposed},
    {"visual.attn_pool.latent", "vision_model.head.probe"},
    {"visual.attn_pool.out_proj.@", "vision_model.head.attention.out_proj.@"},
    {"visual.attn_pool.ln_2.@", "vision_model.head.layernorm.@"},
    {"visual.attn_pool.mlp.c_fc.@", "vision_model.head.mlp.fc1.@"},
    {"visual.attn_pool.mlp.c_proj.@", "vision_model.head.mlp.fc2.@"},
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"transformer.resblocks.#.ln_1.@", "text_model.encoder.layers.#.layer_norm1.@"},
    {"transformer.resblocks.#.attn.out_proj.@", "text_model.encoder.layers.#.self_attn.out_proj.@"},
    {"transformer.resblocks.#.ln_2.@", "text_model.encoder.layers.#.layer_norm2.@"},
    {"transformer.resblocks.#.mlp.c_fc.@", "text_model.encoder.layers.#.mlp.fc1.@"},
    {"transformer.resblocks.#.mlp.c_proj.@", "text_model.encoder.layers.#.mlp.fc2.@"},
    {"ln_final.@", "text_model.final_layer_norm.@"},
    {"text_projection", "text_projection.weight", transposed},
    {"text_projection.@", "text_model.head.@"},
};

constexpr Pair kTimm[] = {
    {"visual.positional_embedding", "visual.trunk.pos_embed", leading_one},
    {"visual.conv1.@", "visual.trunk.patch_embed.proj.@"},
    {"visual.transformer.resblocks.#.ln_1.@", "visual.trunk.blocks.#.norm1.@"},
    {"visual.transformer.resblocks.#.attn.in_proj_@", "visual.trunk.blocks.#.attn.qkv.@"},
    {"visual.transformer.resblocks.#.attn.out_proj.@", "visual.trunk.blocks.#.attn.proj.@"},
    {"visual.transformer.resblocks.#.ln_2.@", "visual.trunk.blocks.#.norm2.@"},
    {"visual.transformer.resblocks.#.mlp.c_fc.@", "visual.trunk.blocks.#.mlp.fc1.@"},
    {"visual.transformer.resblocks.#.mlp.c_proj.@", "visual.trunk.blocks.#.mlp.fc2.@"},
    {"visual.ln_post.@", "visual.trunk.norm.@"},
    {"visual.attn_pool.latent", "visual.trunk.attn_pool.latent"},
    {"visual.attn_pool.q.@", "visual.trunk.attn_pool.q.@"},
    {"visual.attn_pool.out_proj.@", "visual.trunk.attn_pool.proj.@"},
    {"visual.attn_pool.ln_2.@", "visual.trunk.attn_pool.norm.@"},
    {"visual.attn_pool.mlp.c_fc.@", "visual.trunk.attn_pool.mlp.fc1.@"},
    {"visual.attn_pool.mlp.c_proj.@", "visual.trunk.attn_pool.mlp.fc2.@"},
};

struct JointNames {
  Direction joining;  // in which parts become one
  std::string_view whole;
  std::array<std::string_view, 3> parts;  // the last may be empty
};

constexpr JointNames kHuggingFaceJoints[] = {
    {Direction::to_tandem,
     "visual.transformer.resblocks.#.attn.in_proj_@",
     {"vision_model.encoder.layers.#.self_attn.q_proj.@",
      "vision_model.encoder.layers.#.self_attn.k_proj.@",
      "vision_model.encoder.layers.#.self_attn.v_proj.@"}},
    {Direction::to_tandem,
     "transformer.resblocks.#.attn.in_proj_@",
     {"text_model.encoder.layers.#.self_attn.q_proj.@",
      "text_model.encoder.layers.#.self_attn.k_proj.@",
      "text_model.encoder.layers.#.self_attn.v_proj.@"}},
    {Direction::from_tandem,
     "vision_model.head.attention.in_proj_@",
     {"visual.attn_pool.q.@", "visual.attn_pool.k.@", "visual.attn_pool.v.@"}},
};

constexpr JointNames kTimmJoints[] = {
    {Direction::from_tandem,
     "visual.trunk.attn_pool.kv.@",
     {"visual.attn_pool.k.@", "visual.attn_pool.v.@"}},
};

std::span<const Pair> pairs_of(Scheme scheme) {
  if (scheme == Scheme::timm) return kTimm;
  return kHuggingFace;
}

std::span<const JointNames> joints_of(Scheme scheme) {
  if (scheme == Scheme::timm) return kTimmJoints;
  return kHuggingFaceJoints;
}

// What stood for `#` and `@`.
struct Found {
  std::string_view number, kind;
};

std::optional<Found> match(std::string_view pattern, std::string_view name) {
  Found found;
  for (; !pattern.empty(); pattern.remove_prefix(1)) {
    size_t length = 1;
    if (pattern.front() == '#') {
      length = std::min(name.find_first_not_of("0123456789"), name.size());
      found.number = name.substr(0, length);
      if (length == 0) return std::nullopt;
    } else if (pattern.front() == '@') {
      found.kind = name;
      if (name != "weight" && name != "bias") return std::nullopt;
      length = name.size();
    } else if (name.empty() || name.front() != pattern.front()) {
      return std::nullopt;
    }
    name.remove_prefix(length);
  }
  return name.empty() ? std::optional(found) : std::nullopt;
}

std::string fill(std::string_view pattern, const Found& found) {
  std::string name;
  for (const char c : pattern) {
    if (c == '#') {
      name += found.number;
    } else if (c == '@') {
      name += found.kind;
    } else {
      name += c;
    }
  }
  return name;
}

Joint fill(const JointNames& names, const Found& found) {
  Joint joint{fill(names.whole, found), {}};
  for (const std::string_view part : names.parts) {
    if (!part.empty()) joint.parts.push_back(fill(part, found));
  }
  return joint;
}

}  // namespace

std::optional<OtherName> other_name(std::string_view name, Scheme scheme, Direction direction) {
  for (const Pair& pair : pairs_of(scheme)) {
    const bool reading = direction == Direction::to_tandem;
    const auto found = match(reading ? pair.other : pair.tandem, name);
    if (found) return OtherName{fill(reading ? pair.tandem : pair.other, *found), pair.change};
  }
  return std::nullopt;
}

std::optional<Joint> joint_of_part(std::string_view part, Scheme scheme, Direction direction) {
  for (const JointNames& names : joints_of(scheme)) {
    if (names.joining != direction) continue;
    for (const std::string_view pattern : names.parts) {
      if (pattern.empty()) continue;
      if (const auto found = match(pattern, part)) return fill(names, *found);
    }
  }
  return std::nullopt;
}

std::optional<Joint> joint_of_whole(std::string_view whole, Scheme scheme, Direction direction) {
  for (const JointNames& names : joints_of(scheme)) {
    if (names.joining == direction) continue;
    if (const auto found = match(names.whole, whole)) return fill(names, *found);
  }
  return std::nullopt;
}

}  // namespace tandem
