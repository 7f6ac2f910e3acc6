#include "train/weights/detect.h"

#include "core/error.h"
#include "models/clip.h"
#include "train/config/timm_tower.h"
#include "train/weights/positions.h"
#include "train/weights/zip.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace tandem {
namespace {

constexpr int64_t most_layers = 1024;

// Tensors that only models of other kinds have, by how their names start.
struct OtherKind {
  std::string_view start, what;
};
constexpr OtherKind other_kinds[] = {
    {"visual.layer1.", "its image tower is a ResNet"},
    {"visual.trunk.", "its image tower is a timm model other than SigLIP's"},
    {"visual.attn_pool.query", "its image tower pools by attention, but not as SigLIP's"},
    {"transformer.encoder.", "its text tower is a Hugging Face text model"},
    {"transformer.embeddings.", "its text tower is a Hugging Face text model"},
    {"text_decoder.", "it is a CoCa model"},
};

// CLIP's text towers all have heads of 64.
int64_t usual_head_width(std::string_view tower, int64_t width) {
  struct Usual {
    int64_t width, head_width;
    bool of_clip;
  };
  constexpr Usual all[] = {{1152, 72, false}, {1536, 96, false}, {1280, 80, true},
                           {1408, 88, true},  {1664, 104, true}};
  for (const Usual& usual : all) {
    if (usual.width == width && (tower == "image" || !usual.of_clip)) return usual.head_width;
  }
  return 64;
}

class Tensors {
 public:
  Tensors(const std::vector<NamedTensor>& tensors, const std::string& source) : source_(source) {
    for (const NamedTensor& tensor : tensors) by_name_[tensor.name] = &tensor;
  }

  void refuse_other_kinds() const {
    for (const auto& [name, tensor] : by_name_) {
      for (const OtherKind& kind : other_kinds) {
        if (!name.starts_with(kind.start)) continue;
        fail<CheckpointError>(
            "{}: {} ('{}'), which is not supported; give a CLIP model with a "
            "ViT and CLIP's text transformer.",
            source_, kind.what, printable(name));
      }
    }
  }

  bool contains(const std::string& name) const { return by_name_.contains(name); }

  const NamedTensor& at(const std::string& name, int rank) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
      fail<CheckpointError>("{}: has no '{}'; are these weights of a CLIP model with a ViT?",
                            source_, name);
    }
    if (found->second->shape.rank() != rank) {
      fail<CheckpointError>("{}: '{}' is {}, but {} axes were expected; is it of another model?",
                            source_, name, found->second->shape, rank);
    }
    return *found->second;
  }

  // One more than the highest number of a block.
  int64_t layers(const std::string& prefix) const {
    int64_t layers = 0;
    for (auto at = by_name_.lower_bound(prefix); at != by_name_.end(); ++at) {
      if (!at->first.starts_with(prefix)) break;
      int64_t number = -1;
      const char* end = at->first.data() + at->first.size();
      const auto parsed = std::from_chars(at->first.data() + prefix.size(), end, number);
      const bool good = parsed.ec == std::errc{} && parsed.ptr != end && *parsed.ptr == '.';
      if (!good || number < 0 || number >= most_layers) {
        fail<CheckpointError>("{}: '{}' has no block number from 0 to {}.", source_,
                              printable(at->first), most_layers - 1);
      }
      layers = std::max(layers, number + 1);
    }
    if (layers == 0) fail<CheckpointError>("{}: has no '{}0...'.", source_, prefix);
    return layers;
  }

  double mlp_ratio(const std::string& prefix, int64_t width) const {
    const NamedTensor& first = at(prefix + "0.mlp.c_fc.weight", 2);
    return static_cast<double>(first.shape[0]) / static_cast<double>(width);
  }

  // Heads' width, given or the usual one.
  int64_t head_width(const char* tower, int64_t width, int64_t given) const {
    const int64_t head_width = given > 0 ? given : usual_head_width(tower, width);
    if (width % head_width != 0) {
      fail<CheckpointError>(
          "{}: its {} tower has width {}, which heads of width {} do not divide; say how many "
          "there are with --model MODEL.yaml.",
          source_, tower, width, head_width);
    }
    return head_width;
  }

 private:
  const std::string& source_;
  std::map<std::string, const NamedTensor*> by_name_;
};

constexpr double siglip_eps = 1e-6;
constexpr int64_t siglip2_vocab_size = 256000;

ActKwargs gelu(bool tanh) { return {.approximate = tanh ? "tanh" : "none"}; }

VisionConfig detect_vision(const Tensors& tensors, const DetectHints& hints) {
  const std::string blocks = "visual.transformer.resblocks.";
  const NamedTensor& conv = tensors.at("visual.conv1.weight", 4);
  VisionConfig vision;
  vision.width = conv.shape[0];
  vision.patch_size = conv.shape[3];
  vision.patch_bias = tensors.contains("visual.conv1.bias");
  const bool siglip = tensors.contains("visual.attn_pool.latent");
  if (siglip) {
    vision.class_token = false;
    vision.no_ln_pre = !tensors.contains("visual.ln_pre.weight");
    vision.pool_type = "map";
    vision.proj_type = tensors.contains("visual.proj") ? "linear" : "none";
    vision.weight_init = "timm";
  }
  vision.image_size = vision.patch_size * grid_of(tensors.at("visual.positional_embedding", 2),
                                                  vision.class_tokens());
  vision.layers = tensors.layers(blocks);
  vision.mlp_ratio = tensors.mlp_ratio(blocks, vision.width);
  vision.head_width = tensors.head_width("image", vision.width, hints.vision_head_width);
  vision.norm_kwargs.eps = hints.vision_eps.value_or(siglip ? siglip_eps : NormKwargs().eps);
  vision.act_kwargs = gelu(hints.vision_tanh.value_or(
      siglip && (hints.siglip_tanh || timm_has_tanh(vision))));
  return vision;
}

TextConfig detect_text(const Tensors& tensors, const DetectHints& hints) {
  const std::string blocks = "transformer.resblocks.";
  const NamedTensor& tokens = tensors.at("token_embedding.weight", 2);
  TextConfig text;
  text.vocab_size = tokens.shape[0];
  text.width = tokens.shape[1];
  text.context_length = tensors.at("positional_embedding", 2).shape[0];
  text.layers = tensors.layers(blocks);
  text.mlp_ratio = tensors.mlp_ratio(blocks, text.width);
  text.proj_bias =
      tensors.contains("text_projection.weight") || tensors.contains("text_projection.bias");
  const bool projects = text.proj_bias || tensors.contains("text_projection");
  if (!projects && tensors.contains("visual.attn_pool.latent")) text.proj_type = "none";
  const bool siglip = text.proj_bias || text.proj_type == "none";
  text.pool_type = hints.text_pool.value_or(siglip ? "last" : "argmax");
  text.no_causal_mask = hints.text_sees_ahead.value_or(siglip);
  text.norm_kwargs.eps = hints.text_eps.value_or(siglip ? siglip_eps : NormKwargs().eps);
  text.act_kwargs = gelu(hints.text_tanh.value_or(
      siglip && (hints.siglip_tanh || text.vocab_size == siglip2_vocab_size)));
  text.hf_tokenizer_name = hints.tokenizer;
  const bool divides = hints.text_heads > 0 && text.width % hints.text_heads == 0;
  const int64_t given = divides ? text.width / hints.text_heads : -1;
  text.heads = text.width / tensors.head_width("text", text.width, given);
  return text;
}

// At most five names.
std::string some(const std::vector<std::string>& names) {
  const size_t shown = std::min<size_t>(names.size(), 5);
  std::string text = fmt::format("'{}'", fmt::join(names.begin(), names.begin() + shown, "', '"));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

}  // namespace

ClipConfig detect_model(const std::vector<NamedTensor>& tensors, const DetectHints& hints,
                        const std::string& source) {
  const Tensors by_name(tensors, source);
  by_name.refuse_other_kinds();
  ClipConfig model;
  model.vision_cfg = detect_vision(by_name, hints);
  model.text_cfg = detect_text(by_name, hints);
  model.embed_dim = model.vision_cfg.proj_type == "none" ? model.vision_cfg.width
                                                         : by_name.at("visual.proj", 2).shape[1];
  model.quick_gelu = hints.quick_gelu;
  if (by_name.contains("logit_bias")) model.init_logit_bias = -10.0;
  return model;
}

std::vector<NamedTensor> parameters_of(const ClipConfig& model, std::vector<NamedTensor> tensors,
                                       std::vector<std::string>& left_out,
                                       const std::string& source) {
  Graph graph;
  const Clip clip(graph, model);
  std::map<std::string, NamedTensor*> by_name;
  for (NamedTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  std::vector<NamedTensor> result;
  std::vector<std::string> missing;
  for (const Variable& variable : graph.variables()) {
    const auto found = by_name.find(variable.name);
    if (found == by_name.end()) {
      missing.push_back(variable.name);
      continue;
    }
    NamedTensor& tensor = *found->second;
    if (tensor.name == "visual.positional_embedding") {
      const VisionConfig& vision = model.vision_cfg;
      tensor = resize_positions(tensor, vision.class_tokens(),
                                vision.image_size / vision.patch_size);
    }
    if (tensor.shape != variable.type.shape) {
      fail<CheckpointError>("{}: '{}' is {} but the model's is {}; is it of another model?", source,
                            variable.name, tensor.shape, variable.type.shape);
    }
    result.push_back(std::move(tensor));
    by_name.erase(found);
  }
  if (!missing.empty()) {
    fail<CheckpointError>("{}: has no {}; is it incomplete, or of another model?", source,
                          some(missing));
  }
  for (const auto& [name, tensor] : by_name) left_out.push_back(name);
  return result;
}

}  // namespace tandem
