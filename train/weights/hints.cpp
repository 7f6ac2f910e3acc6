#include "train/weights/hints.h"

#include "core/error.h"
#include "train/checkpoint/file.h"

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

DetectHints from_huggingface(const Json& json) {
  const Json& vision = section(json, "vision_config");
  const Json& text = section(json, "text_config");
  DetectHints hints;
  hints.quick_gelu = quick_gelu(vision) && quick_gelu(text);
  const int64_t heads = integer(vision, "num_attention_heads");
  const int64_t width = integer(vision, "hidden_size");
  if (heads > 0 && width > 0 && width % heads == 0) hints.vision_head_width = width / heads;
  hints.text_heads = integer(text, "num_attention_heads");
  return hints;
}

DetectHints from_open_clip(const Json& json) {
  const Json& model = section(json, "model_cfg");
  DetectHints hints;
  const auto quick = model.find("quick_gelu");
  hints.quick_gelu = quick != model.end() && *quick == true;
  hints.vision_head_width = integer(section(model, "vision_cfg"), "head_width");
  hints.text_heads = integer(section(model, "text_cfg"), "heads");
  return hints;
}

}  // namespace

FoundHints read_hints(const std::string& weights, Layout layout) {
  const bool huggingface = layout == Layout::huggingface;
  const auto beside = std::filesystem::path(weights).parent_path() /
                      (huggingface ? "config.json" : "open_clip_config.json");
  std::error_code none;
  if (!std::filesystem::is_regular_file(beside, none)) return {};
  const Json json = read_json(beside.string());
  return {huggingface ? from_huggingface(json) : from_open_clip(json), beside.string()};
}

}  // namespace tandem
