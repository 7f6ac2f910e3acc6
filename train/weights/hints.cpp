#include "train/weights/hints.h"

#include "core/error.h"
#include "train/checkpoint/file.h"
#include "train/config/timm_tower.h"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace tandem {
namespace {

using Json = nlohmann::json;

constexpr uint64_t most_bytes = uint64_t{1} << 20;

Json read_json(const std::string& path) {
  const InputFile file(path);
  if (file.size() > most_bytes) {
    fail<CheckpointError>("{}: has {} bytes; a model's config has at most {}.", path, file.size(),
                          most_bytes);
  }
  std::string text(file.size(), '\0');
  file.read(0, std::as_writable_bytes(std::span(text)));
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) fail<CheckpointError>("{}: is not a JSON object.", path);
  return json;
}

const Json& section(const Json& json, const char* name) {
  static const Json none = Json::object();
  const auto found = json.find(name);
  return found != json.end() && found->is_object() ? *found : none;
}

int64_t integer(const Json& json, const char* name) {
  const auto found = json.find(name);
  const bool known = found != json.end() && found->is_number_integer();
  const int64_t value = known ? found->get<int64_t>() : -1;
  return value > 0 && value < 65536 ? value : -1;
}

// Transformers leaves out of config.json what is its default, and quick_gelu is.
bool quick_gelu(const Json& tower) {
  const auto found = tower.find("hidden_act");
  return found == tower.end() || *found == "quick_gelu";
}

std::optional<double> number(const Json& json, const char* name) {
  const auto found = json.find(name);
  const bool known = found != json.end() && found->is_number();
  const double value = known ? found->get<double>() : 0;
  return value > 0 && value < 1 ? std::optional(value) : std::nullopt;
}

// Likewise, with SigLIP's defaults.
bool tanh_gelu(const Json& tower) {
  const auto found = tower.find("hidden_act");
  return found == tower.end() || *found == "gelu_pytorch_tanh";
}

DetectHints from_huggingface(const Json& json) {
  const Json& vision = section(json, "vision_config");
  const Json& text = section(json, "text_config");
  DetectHints hints;
  const auto type = json.find("model_type");
  const bool siglip = type != json.end() && (*type == "siglip" || *type == "siglip2");
  hints.quick_gelu = !siglip && quick_gelu(vision) && quick_gelu(text);
  if (siglip) {
    hints.vision_tanh = tanh_gelu(vision);
    hints.text_tanh = tanh_gelu(text);
  }
  hints.vision_eps = number(vision, "layer_norm_eps");
  hints.text_eps = number(text, "layer_norm_eps");
  const int64_t heads = integer(vision, "num_attention_heads");
  const int64_t width = integer(vision, "hidden_size");
  if (heads > 0 && width > 0 && width % heads == 0) hints.vision_head_width = width / heads;
  hints.text_heads = integer(text, "num_attention_heads");
  return hints;
}

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

void read_tower(const Json& tower, std::optional<double>& eps, std::optional<bool>& tanh) {
  if (tower.empty()) return;
  eps = number(section(tower, "norm_kwargs"), "eps").value_or(NormKwargs().eps);
  tanh = text_of(section(tower, "act_kwargs"), "approximate") == "tanh";
}

DetectHints from_open_clip(const Json& json) {
  const Json& model = section(json, "model_cfg");
  DetectHints hints;
  const auto quick = model.find("quick_gelu");
  hints.quick_gelu = quick != model.end() && *quick == true;
  const Json& vision = section(model, "vision_cfg");
  read_tower(vision, hints.vision_eps, hints.vision_tanh);
  hints.vision_head_width = integer(vision, "head_width");
  if (const auto tower = timm_tower(text_of(vision, "timm_model_name"))) {
    hints.vision_head_width = tower->head_width;
    hints.vision_tanh = tower->act_kwargs.approximate == "tanh";
    hints.vision_eps = tower->norm_kwargs.eps;
  }
  const Json& text = section(model, "text_cfg");
  read_tower(text, hints.text_eps, hints.text_tanh);
  hints.tokenizer = text_of(text, "hf_tokenizer_name");
  hints.text_heads = integer(text, "heads");
  if (const std::string pool = text_of(text, "pool_type"); !pool.empty()) hints.text_pool = pool;
  const auto sees_ahead = text.find("no_causal_mask");
  if (sees_ahead != text.end()) hints.text_sees_ahead = *sees_ahead == true;
  return hints;
}

// Three numbers above `low`, where the key is there.
void read_three(const Json& json, const char* key, double low, const std::string& path,
                std::array<double, 3>& values) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return;
  bool good = found->is_array() && found->size() == 3;
  for (size_t i = 0; good && i < 3; ++i) {
    good = (*found)[i].is_number();
    if (good) values[i] = (*found)[i].get<double>();
    good = good && values[i] > low && values[i] <= 1000;
  }
  if (!good) {
    fail<CheckpointError>("{}: '{}' is not three numbers above {}.", path, key, low);
  }
}

[[noreturn]] void refuse_value(const std::string& path, const char* key, const Json& value) {
  fail<CheckpointError>("{}: '{}' is {}, which is not supported.", path, key,
                        value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 60));
}

void read_name(const Json& json, const char* key, std::initializer_list<const char*> allowed,
               const std::string& path, std::string& value) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return;
  for (const char* name : allowed) {
    if (*found == name) {
      value = name;
      return;
    }
  }
  refuse_value(path, key, *found);
}

Preprocessing open_clip_preprocessing(const Json& json, const std::string& path) {
  Preprocessing found;
  read_three(json, "mean", -1000, path, found.mean);
  read_three(json, "std", 0, path, found.std);
  read_name(json, "interpolation", {"bicubic", "bilinear"}, path, found.interpolation);
  read_name(json, "resize_mode", {"shortest", "longest", "squash"}, path, found.resize_mode);
  return found;
}

// PIL's number of the filter.
void read_resample(const Json& json, const std::string& path, std::string& interpolation) {
  const auto found = json.find("resample");
  if (found == json.end() || found->is_null()) return;
  if (*found != 2 && *found != 3) refuse_value(path, "resample", *found);
  interpolation = *found == 2 ? "bilinear" : "bicubic";
}

// Without a crop both edges are resized.
Preprocessing huggingface_preprocessing(const Json& json, const std::string& path) {
  Preprocessing found;
  read_three(json, "image_mean", -1000, path, found.mean);
  read_three(json, "image_std", 0, path, found.std);
  read_resample(json, path, found.interpolation);
  const Json& size = section(json, "size");
  if (size.contains("height") && json.value("do_center_crop", Json(false)) != true) {
    found.resize_mode = "squash";
  }
  return found;
}

// The path of a file beside the weights; none where it is not there.
std::optional<std::string> file_beside(const std::string& weights, const char* name) {
  const auto path = std::filesystem::path(weights).parent_path() / name;
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return std::nullopt;
  return path.string();
}

}  // namespace

Preprocessing siglip_preprocessing() {
  Preprocessing siglip;
  siglip.mean = siglip.std = {0.5, 0.5, 0.5};
  siglip.resize_mode = "squash";
  return siglip;
}

std::optional<Preprocessing> read_preprocessing(const std::string& weights, Layout layout) {
  const bool huggingface = layout == Layout::huggingface;
  const auto path =
      file_beside(weights, huggingface ? "preprocessor_config.json" : "open_clip_config.json");
  if (!path) return std::nullopt;
  const Json json = read_json(*path);
  if (!huggingface && !json.contains("preprocess_cfg")) return std::nullopt;
  Preprocessing found = huggingface
                            ? huggingface_preprocessing(json, *path)
                            : open_clip_preprocessing(section(json, "preprocess_cfg"), *path);
  found.source = *path;
  return found;
}

FoundHints read_hints(const std::string& weights, Layout layout) {
  const bool huggingface = layout == Layout::huggingface;
  const auto path = file_beside(weights, huggingface ? "config.json" : "open_clip_config.json");
  if (!path) return {};
  const Json json = read_json(*path);
  return {huggingface ? from_huggingface(json) : from_open_clip(json), *path};
}

}  // namespace tandem
