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

ClipConfig detect(const OpenClipWeights& found, ModelWeights& weights, const std::string& path) {
  FoundHints beside = read_hints(path, found.found);
  const bool openai = found.openai || weights.metadata.at("tandem.source") == "torchscript";
  if (openai) {
    beside.hints.quick_gelu = true;
    weights.notes.push_back("activation: QuickGELU, since the file is as OpenAI's are.");
  } else if (!beside.source.empty()) {
    weights.notes.push_back(fmt::format("activation: {}, as {} says.",
                                        beside.hints.quick_gelu ? "QuickGELU" : "exact GELU",
                                        beside.source));
  } else {
    weights.notes.push_back(
        "activation: exact GELU assumed, as weights do not say; give --quick-gelu for those of "
        "OpenAI, LAION-400M ViT-B/32, MetaCLIP or DFN.");
  }
  return detect_model(found.tensors, beside.hints, path);
}

void set_image_size(ClipConfig& model, int64_t size) {
  if (size < 1 || size > 8192 || size % model.vision_cfg.patch_size != 0) {
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
  const int64_t from = grid_of(*table), to = vision.image_size / vision.patch_size;
  if (from == to) return;
  weights.notes.push_back(
      fmt::format("position table: {} x {} resized to {} x {} for pictures of {} pixels (bicubic).",
                  from, from, to, to, vision.image_size));
}

void find_preprocessing(const std::string& path, ModelWeights& weights) {
  weights.preprocessing = read_preprocessing(path, weights.found);
  if (!weights.preprocessing) return;
  const Preprocessing& found = *weights.preprocessing;
  weights.notes.push_back(fmt::format(
      "pictures: {}, {}, mean [{}], std [{}], as {} says.", found.resize_mode, found.interpolation,
      fmt::join(found.mean, ", "), fmt::join(found.std, ", "), found.source));
}

}  // namespace

ModelWeights read_model_weights(const std::string& path, const ModelWeightsOptions& options) {
  ModelWeights weights;
  OpenClipWeights found = to_open_clip(read_weights(path, weights.metadata), path);
  weights.found = found.found;
  if (weights.metadata.contains("adapter")) {
    fail<CheckpointError>(
        "{}: is an adapter without its base; write both as one with `tandem adapter merge`.", path);
  }
  weights.left_out = std::move(found.left_out);
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
