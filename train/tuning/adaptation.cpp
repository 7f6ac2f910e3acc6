#include "train/tuning/adaptation.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

namespace tandem {

namespace {

constexpr std::string_view everything = "*";
constexpr std::string_view text_tower =
    "token_embedding.* positional_embedding transformer.* ln_final.* text_projection*";

// The parameters of a tower in groups, the first nearest to the input, as open_clip's
// lock_image_tower has them.
struct TowerGroups {
  std::string input, blocks, norm, projection;
  int64_t layers = 0;

  // Patterns of the last `count` groups.
  std::string last(int64_t count) const {
    std::string patterns;
    if (count >= 1) patterns += " " + projection;
    if (count >= 2) patterns += fmt::format(" {}.{}.* {}", blocks, layers - 1, norm);
    for (int64_t i = 3; i <= count && layers - i + 1 >= 0; ++i) {
      patterns += fmt::format(" {}.{}.*", blocks, layers - i + 1);
    }
    if (count >= layers + 2) patterns += " " + input;
    return patterns;
  }
};

TowerGroups image_groups(const ClipConfig& model) {
  return {"visual.{conv1.*,class_embedding,positional_embedding,ln_pre.*}",
          "visual.transformer.resblocks", "visual.ln_post.*", "visual.{proj,attn_pool.*}",
          model.vision_cfg.layers};
}

TowerGroups text_groups(const ClipConfig& model) {
  return {"{token_embedding.weight,positional_embedding}", "transformer.resblocks", "ln_final.*",
          "text_projection*", model.text_cfg.layers};
}

// What a kind of adapter trains of the model itself.
std::string trained_by(const std::string& kind) {
  if (kind == "bias") return "*.bias *.in_proj_bias";
  if (kind == "layer_norm") return "*ln_*.weight *ln_*.bias";
  return "";
}

PromptConfig prompts_of(const RunConfig& config) {
  const AdapterConfig& adapter = config.adapter;
  const std::string& kind = adapter.kind;
  PromptConfig prompts;
  if (kind == "coop" || kind == "cocoop") {
    prompts.text = prompts.text_before = adapter.coop.contexts;
    if (adapter.coop.position == "middle") prompts.text_before /= 2;
    if (adapter.coop.position == "front") prompts.text_before = 0;
    prompts.conditional = kind == "cocoop";
    if (adapter.coop.class_specific) prompts.classes = std::max<int64_t>(config.train.classes, 1);
  } else if (kind == "vpt") {
    prompts.image = adapter.vpt.tokens;
    prompts.image_depth = adapter.vpt.depth;
  } else if (kind == "maple") {
    prompts.text = prompts.text_before = prompts.image = adapter.maple.contexts;
    prompts.text_depth = prompts.image_depth = adapter.maple.depth;
    prompts.coupled = true;
  }
  return prompts;
}

}  // namespace

Adaptation adaptation_of(const RunConfig& config) {
  const TrainConfig& train = config.train;
  const AdapterConfig& adapter = config.adapter;
  std::string frozen;
  std::string trained;
  Adaptation adaptation;
  if (adapter.in_model()) {
    frozen = everything;
    trained = trained_by(adapter.kind) + " " + adapter.also_train;
    adaptation.prompts = prompts_of(config);
    if (adapter.kind == "ia3") adaptation.ia3 = Patterns(adapter.ia3.targets);
    if (adapter.kind == "lora") {
      const LoraKeys& lora = adapter.lora;
      adaptation.lora = {.rank = lora.rank,
                         .alpha = lora.alpha,
                         .rslora = lora.rslora,
                         .dora = lora.dora,
                         .dropout = lora.dropout,
                         .targets = Patterns(lora.targets)};
    }
  } else {
    if (train.lock_image) {
      frozen += "visual.*";
      trained += image_groups(config.model).last(train.lock_image_unlocked_groups);
    }
    if (train.lock_text) {
      frozen += fmt::format(" {}", text_tower);
      trained += text_groups(config.model).last(train.lock_text_unlocked_layers);
    }
  }
  adaptation.frozen = Patterns(frozen);
  adaptation.trained = Patterns(trained);
  return adaptation;
}

}  // namespace tandem
