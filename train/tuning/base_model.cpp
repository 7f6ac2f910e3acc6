#include "train/tuning/base_model.h"

#include "core/error.h"
#include "core/sha256.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/tuning/deltas.h"
#include "train/weights/model_weights.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace tandem {

namespace {

ModelWeights read_weights_of(const RunConfig& config, const std::string& path) {
  try {
    ClipConfig model = config.model;
    model.adaptation = {};
    model.image_tower = true;
    return read_model_weights(path, {.model = model});
  } catch (const CheckpointError& error) {
    fail<ConfigError>("adapter.base is {}, which the config's model can't start from: {}",
                      config.adapter.base, error.what());
  }
}

std::string base_path(const RunConfig& config) {
  const std::string& base = config.adapter.base;
  if (!std::filesystem::exists(base)) {
    fail<ConfigError>(
        "adapter.base is {}, where there is no file; train it first, or give another.", base);
  }
  try {
    return std::filesystem::is_directory(base) ? find_checkpoint(base).path : base;
  } catch (const CheckpointError& error) {
    fail<ConfigError>("adapter.base is {}: {}", base, error.what());
  }
}

}  // namespace

std::string hash_of(const std::vector<NamedTensor>& tensors) {
  Sha256 hash;
  for (const NamedTensor& tensor : tensors) {
    hash.add(fmt::format("{} {}\n", tensor.name, tensor.shape));
    hash.add(std::as_bytes(std::span(tensor.values)));
  }
  return hash.finish();
}

std::string image_tower_hash(const std::vector<NamedTensor>& tensors, const ClipConfig& model) {
  std::vector<NamedTensor> image;
  std::copy_if(tensors.begin(), tensors.end(), std::back_inserter(image),
               [](const NamedTensor& tensor) {
                 return tensor.name.starts_with("visual.") || tensor.name.starts_with("prompt.");
               });
  std::sort(image.begin(), image.end(),
            [](const NamedTensor& a, const NamedTensor& b) { return a.name < b.name; });
  const VisionConfig& vision = model.vision_cfg;
  image.push_back({"heads and activation", {2},
                   {static_cast<float>(vision.head_width), model.quick_gelu ? 1.0f : 0.0f}});
  // Apart, so that towers without them have the hash that they had before there were any.
  if (vision.act_kwargs != ActKwargs()) image.push_back({"tanh", {}, {1}});
  if (vision.norm_kwargs != NormKwargs()) {
    image.push_back({"epsilon", {}, {static_cast<float>(vision.norm_kwargs.eps)}});
  }
  return hash_of(image);
}

BaseModel read_base(const RunConfig& config) {
  BaseModel base{.path = base_path(config)};
  ModelWeights weights = read_weights_of(config, base.path);
  base.tensors = std::move(weights.tensors);
  base.sha256 = hash_of(base.tensors);
  if (const auto found = weights.metadata.find("tokenizer"); found != weights.metadata.end()) {
    base.tokenizer = found->second;
  }
  const std::string& expected = config.adapter.base_sha256;
  if (!expected.empty() && expected != base.sha256) {
    fail<ConfigError>(
        "{}: its values have the SHA-256 {}..., but the adapter was made for a base with {}...; "
        "give that one.",
        base.path, base.sha256.substr(0, 12), expected.substr(0, 12));
  }
  return base;
}

void load_base(Variables& variables, const BaseModel& base) {
  for (const NamedTensor& tensor : base.tensors) {
    if (variables.contains(tensor.name)) variables.set(tensor.name, tensor.values);
  }
  for (const std::string& name : variables.parameters()) {
    if (!is_magnitude(name)) continue;
    variables.set(name, first_magnitudes(name, base.tensors));
  }
}

}  // namespace tandem
