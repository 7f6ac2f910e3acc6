#include "train/weights/layout_names.h"

#include <array>

namespace tandem {
namespace {

struct Pair {
  std::string_view open_clip;
  std::string_view huggingface;
  bool transposed = false;
};

constexpr std::array<Pair, 16> whole{{
    {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
    {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"},
    {"visual.ln_pre.weight", "vision_model.pre_layrnorm.weight"},
    {"visual.ln_pre.bias", "vision_model.pre_layrnorm.bias"},
    {"visual.ln_post.weight", "vision_model.post_layernorm.weight"},
    {"visual.ln_post.bias", "vision_model.post_layernorm.bias"},
    {"visual.proj", "visual_projection.weight", true},
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"ln_final.weight", "text_model.final_layer_norm.weight"},
    {"ln_final.bias", "text_model.final_layer_norm.bias"},
    {"text_projection", "text_projection.weight", true},
    {"logit_scale", "logit_scale"},
    {"logit_bias", "logit_bias"},
    {"visual.conv1.bias", "vision_model.embeddings.patch_embedding.bias"},
}};

constexpr std::array<Pair, 2> towers{{
    {"visual.transformer.resblocks.", "vision_model.encoder.layers."},
    {"transformer.resblocks.", "text_model.encoder.layers."},
}};

constexpr std::array<Pair, 10> in_block{{
    {"ln_1.weight", "layer_norm1.weight"},
    {"ln_1.bias", "layer_norm1.bias"},
    {"ln_2.weight", "layer_norm2.weight"},
    {"ln_2.bias", "layer_norm2.bias"},
    {"attn.out_proj.weight", "self_attn.out_proj.weight"},
    {"attn.out_proj.bias", "self_attn.out_proj.bias"},
    {"mlp.c_fc.weight", "mlp.fc1.weight"},
    {"mlp.c_fc.bias", "mlp.fc1.bias"},
    {"mlp.c_proj.weight", "mlp.fc2.weight"},
    {"mlp.c_proj.bias", "mlp.fc2.bias"},
}};

constexpr std::array<std::string_view, 3> parts{"q_proj.", "k_proj.", "v_proj."};
constexpr std::string_view attention = "self_attn.";
constexpr std::string_view joint = "attn.in_proj_";

using Side = std::string_view Pair::*;

// A name in a block: the other side's "<tower><number>.", and what follows it.
struct InBlock {
  std::string other_block;
  std::string_view rest;
};

std::optional<InBlock> in_a_block(std::string_view name, Side from, Side to) {
  for (const Pair& tower : towers) {
    if (!name.starts_with(tower.*from)) continue;
    const std::string_view tail = name.substr((tower.*from).size());
    const size_t dot = tail.find('.');
    if (dot == std::string_view::npos) continue;
    return InBlock{std::string(tower.*to).append(tail.substr(0, dot + 1)), tail.substr(dot + 1)};
  }
  return std::nullopt;
}

std::optional<OtherName> other_name(std::string_view name, Side from, Side to) {
  for (const Pair& pair : whole) {
    if (pair.*from == name) return OtherName{std::string(pair.*to), pair.transposed};
  }
  const auto block = in_a_block(name, from, to);
  if (!block) return std::nullopt;
  for (const Pair& pair : in_block) {
    if (pair.*from == block->rest) {
      return OtherName{std::string(block->other_block).append(pair.*to), false};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<OtherName> huggingface_name(std::string_view open_clip) {
  return other_name(open_clip, &Pair::open_clip, &Pair::huggingface);
}

std::optional<OtherName> open_clip_name(std::string_view huggingface) {
  return other_name(huggingface, &Pair::huggingface, &Pair::open_clip);
}

std::optional<AttentionPart> attention_part(std::string_view huggingface) {
  const auto block = in_a_block(huggingface, &Pair::huggingface, &Pair::open_clip);
  if (!block || !block->rest.starts_with(attention)) return std::nullopt;
  const std::string_view rest = block->rest.substr(attention.size());
  for (size_t part = 0; part < parts.size(); ++part) {
    if (!rest.starts_with(parts[part])) continue;
    const std::string_view kind = rest.substr(parts[part].size());
    if (kind != "weight" && kind != "bias") return std::nullopt;
    return AttentionPart{std::string(block->other_block).append(joint).append(kind),
                         static_cast<int>(part)};
  }
  return std::nullopt;
}

std::optional<std::string> attention_part_name(std::string_view open_clip, int part) {
  const auto block = in_a_block(open_clip, &Pair::open_clip, &Pair::huggingface);
  if (!block || !block->rest.starts_with(joint)) return std::nullopt;
  return std::string(block->other_block)
      .append(attention)
      .append(parts.at(static_cast<size_t>(part)))
      .append(block->rest.substr(joint.size()));
}

}  // namespace tandem
