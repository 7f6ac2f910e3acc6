#include "train/weights/model_weights.h"

#include "core/error.h"
#include "train/config/read.h"
#include "train/config/reference.h"
#include "train/weights/detect.h"
#include "train/weights/hints.h"
#include "train/weights/positions.h"
#include "train/weights/read.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace tandem {
namespace {

// The model that Tandem wrote into the file.
std::optional<ClipConfig> written_model(const ModelWeights& weights, const std::string& path) {
  for (const char* key : {"tandem.model", "config"}) {
    const auto found = weights.metadata.find(key);
    const bool own =
        key != std::string_view("config") || weights.metadata.at("tandem.source") == "checkpoint";
    if (found != weights.metadata.end() && own) {
      return parse_model_config(found->second, path + " (" + key + ")");
    }
  }
  return std::nullopt;
}

// With SigLIP's pooling.
bool pools_by_attention(const ClipConfig& model) { return model.vision_cfg.pool_type == "map"; }

ClipConfig detect(const FoundWeights& found, ModelWeights& weights, const std::string& path) {
  FoundHints beside = read_hints(path, found.found);
  const bool openai = found.openai || weights.metadata.at("tandem.source") == "torchscript";
  if (openai) beside.hints.quick_gelu = true;
  const bool huggingface = found.found == Layout::huggingface;
  beside.hints.siglip_tanh = huggingface && beside.source.empty();
  const ClipConfig model = detect_model(found.tensors, beside.hints, path);
  const std::string activation = activation_in_words(model);
  if (openai) {
    weights.notes.push_back("activation: QuickGELU, since the file is as OpenAI's are.");
  } else if (!beside.source.empty()) {
    weights.notes.push_back(fmt::format("activation: {}, as {} says.", activation, beside.source));
  } else if (pools_by_attention(model)) {
    weights.notes.push_back(fmt::format(
        "activation: {} assumed, as {} has it in a SigLIP of this size.", activation,
        huggingface ? "SiglipModel" : "open_clip"));
  } else {
    weights.notes.push_back(
        "activation: exact GELU assumed, as weights do not say; give --quick-gelu for those of "
        "OpenAI, LAION-400M ViT-B/32, MetaCLIP or DFN.");
  }
  return model;
}

void set_image_size(ClipConfig& model, int64_t size) {
  const VisionConfig& vision = model.vision_cfg;
  const bool whole = vision.crop_to_patches || size % vision.patch_size == 0;
  if (size < vision.patch_size || size > 8192 || !whole) {
    fail<ConfigError>(
        "--image-size is {}; a multiple of the patch size, {}, up to 8192 was "
        "expected.",
        size, model.vision_cfg.patch_size);
  }
  model.vision_cfg.image_size = size;
}

void note_positions(const std::vector<NamedTensor>& tensors, ModelWeights& weights) {
  const auto table = std::ranges::find(tensors, "visual.positional_embedding", &NamedTensor::name);
  if (table == tensors.end()) return;
  const VisionConfig& vision = weights.model.vision_cfg;
  const int64_t from = grid_of(*table, vision.class_tokens());
  const int64_t to = vision.image_size / vision.patch_size;
  if (from == to) return;
  weights.notes.push_back(
      fmt::format("position table: {} x {} resized to {} x {} for pictures of {} pixels (bicubic).",
                  from, from, to, to, vision.image_size));
}

void find_preprocessing(const std::string& path, ModelWeights& weights) {
  weights.preprocessing = read_preprocessing(path, weights.found);
  const bool assumed = !weights.preprocessing && pools_by_attention(weights.model);
  if (assumed) weights.preprocessing = siglip_preprocessing();
  if (!weights.preprocessing) return;
  const Preprocessing& found = *weights.preprocessing;
  weights.notes.push_back(fmt::format(
      "pictures: {}, {}, mean [{}], std [{}], {}.", found.resize_mode, found.interpolation,
      fmt::join(found.mean, ", "), fmt::join(found.std, ", "),
      assumed ? "assumed, as SigLIP's" : fmt::format("as {} says", found.source)));
}

}  // namespace

std::string activation_in_words(const ClipConfig& model) {
  const std::string name = activation_of(model);
  if (name == "quick_gelu") return "QuickGELU";
  if (name == "gelu") return "exact GELU";
  if (name == "gelu_tanh") return "GELU by tanh";
  return name == "gelu, gelu_tanh" ? "exact GELU in the image tower, by tanh in the text tower"
                                   : "GELU by tanh in the image tower, exact in the text tower";
}

ModelWeights read_model_weights(const std::string& path, const ModelWeightsOptions& options) {
  ModelWeights weights;
  FoundWeights found = from_layout(read_weights(path, weights.metadata), path);
  weights.found = found.found;
  if (weights.metadata.contains("adapter")) {
    fail<CheckpointError>(
        "{}: is an adapter without its base; write both as one with `tandem adapter merge`.", path);
  }
  weights.left_out = std::move(found.left_out);
  if (found.timm) weights.notes.push_back("image tower: timm's names changed to CLIP's.");
  if (found.custom_text) weights.notes.push_back("text tensors: prefix 'text.' taken off.");
  if (options.model) {
    weights.model = *options.model;
  } else if (const auto written = written_model(weights, path)) {
    weights.model = *written;
  } else {
    weights.model = detect(found, weights, path);
  }
  if (weights.metadata.at("tandem.source") != "checkpoint") find_preprocessing(path, weights);
  if (options.quick_gelu) weights.model.quick_gelu = *options.quick_gelu;
  if (options.image_size) set_image_size(weights.model, *options.image_size);
  // The reader's checks hold for models from elsewhere, too.
  weights.model = parse_model_config(to_yaml(weights.model), path + " (detected model)");
  note_positions(found.tensors, weights);
  weights.tensors = parameters_of(weights.model, std::move(found.tensors), weights.left_out, path);
  return weights;
}

}  // namespace tandem
