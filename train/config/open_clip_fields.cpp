#include "train/config/open_clip_fields.h"

#include "core/error.h"

#include <algorithm>
#include <array>

namespace tandem {
namespace {

struct Field {
  std::string_view section, key;
  std::string_view neutral;  // the value that changes nothing; "*": any, as another field decides
  std::string_view need;     // what another value would need
};

constexpr std::string_view kHuggingFace = "text towers of Hugging Face";
constexpr std::string_view kPooler = "pooling by attention as CoCa has it";

constexpr std::array kFields{
    // Custom text models have their text tensors below `text.`, which `tandem convert` reads, too.
    Field{"model", "custom_text", "*", ""},
    Field{"model", "multimodal_cfg", "null", "CoCa's text decoder"},
    Field{"vision_cfg", "ls_init_value", "null", "layer scale"},
    Field{"vision_cfg", "attentional_pool", "false", kPooler},
    Field{"vision_cfg", "attn_pooler_queries", "*", ""},
    Field{"vision_cfg", "attn_pooler_heads", "*", ""},
    Field{"vision_cfg", "pos_embed_type", "learnable", "fixed position tables"},
    Field{"vision_cfg", "final_ln_after_pool", "false", "norms after pooling"},
    Field{"vision_cfg", "output_tokens", "false", "towers that give all tokens"},
    Field{"vision_cfg", "act_kwargs", "null", ""},
    Field{"vision_cfg", "norm_kwargs", "null", ""},
    // See train/config/timm_tower.h.
    Field{"vision_cfg", "timm_model_name", "*", ""},
    Field{"vision_cfg", "timm_model_pretrained", "*", ""},
    Field{"vision_cfg", "timm_pool", "*", ""},
    Field{"vision_cfg", "timm_proj", "*", ""},
    Field{"vision_cfg", "timm_proj_bias", "*", ""},
    Field{"vision_cfg", "timm_drop", "*", ""},
    Field{"vision_cfg", "timm_drop_path", "*", ""},
    Field{"text_cfg", "ls_init_value", "null", "layer scale"},
    Field{"text_cfg", "embed_cls", "false", "a class token in the text tower"},
    Field{"text_cfg", "pad_id", "*", ""},
    Field{"text_cfg", "final_ln_after_pool", "false", "norms after pooling"},
    Field{"text_cfg", "output_tokens", "false", "towers that give all tokens"},
    Field{"text_cfg", "act_kwargs", "null", ""},
    Field{"text_cfg", "norm_kwargs", "null", ""},
    Field{"text_cfg", "hf_model_name", "null", kHuggingFace},
    Field{"text_cfg", "hf_model_pretrained", "*", ""},
    Field{"text_cfg", "hf_proj_type", "*", ""},
    Field{"text_cfg", "hf_pooler_type", "*", ""},
    Field{"text_cfg", "hf_tokenizer_name", "null", ""},
    // What SentencePiece models do here; see train/text/sentence_piece.h.
    Field{"text_cfg", "tokenizer_kwargs", "clean: canonicalize", "other cleaning of texts"},
};

// Of a map with one key: "key: value".
std::string entry(const ConfigNode& map) {
  return fmt::format("{}: {}", map.keys[0], map.items[0].text);
}

bool is_neutral(const ConfigNode& value, std::string_view neutral) {
  if (neutral == "*") return true;
  if (neutral == "null") return value.kind == ConfigNode::Kind::null;
  if (value.is_map()) return value.keys.size() == 1 && entry(value) == neutral;
  return value.is_scalar() && value.text == neutral;
}

std::string shown(const ConfigNode& value) {
  if (value.is_map()) return "a map";
  if (value.kind == ConfigNode::Kind::list) return "a list";
  return value.is_scalar() ? value.text.substr(0, 60) : "null";
}

}  // namespace

void refuse_resnet(const ConfigNode* model) {
  const ConfigNode* vision = model == nullptr ? nullptr : model->find("vision_cfg");
  const ConfigNode* layers = vision == nullptr ? nullptr : vision->find("layers");
  if (layers == nullptr || layers->kind != ConfigNode::Kind::list) return;
  fail<ConfigError>("{}: vision_cfg.layers is a list, as a ResNet's; Tandem does not support image "
                    "towers other than ViTs.",
                    layers->place());
}

bool changes_nothing(std::string_view section, std::string_view key, std::string_view full_name,
                     const ConfigNode& value) {
  const auto field = std::find_if(kFields.begin(), kFields.end(), [&](const Field& one) {
    return one.section == section && one.key == key;
  });
  if (field == kFields.end()) return false;
  if (is_neutral(value, field->neutral)) return true;
  fail<ConfigError>("{}: {} is {}; Tandem does not support {}, so that only {} is possible.",
                    value.place(), full_name, shown(value), field->need, field->neutral);
}

}  // namespace tandem
