#include "train/config/read.h"

#include "core/error.h"
#include "train/config/check.h"
#include "train/config/compose.h"
#include "train/config/field_reader.h"
#include "train/config/idle_keys.h"
#include "train/config/open_clip_fields.h"
#include "train/config/timm_tower.h"
#include "train/tuning/adaptation.h"

#include <cmath>
#include <filesystem>

namespace tandem {
namespace {

// The recipe of an adapter on features: its paper's, where that says.
void fill_in_recipe(RunConfig& config, const Places& places) {
  const auto set = [&places](const char* key, auto& value, auto recipe) {
    if (!places.contains(key)) value = recipe;
  };
  TrainConfig& train = config.train;
  const bool tip = config.adapter.kind == "tip_adapter_f";
  set("train.batch_size", train.batch_size, 256);
  set("train.epochs", train.epochs, tip ? 20 : 100);
  set("train.lr", train.lr, 1e-3);
  set("train.wd", train.wd, 0.01);
  set("train.beta2", train.beta2, 0.999);
  set("train.eps", train.eps, tip ? 1e-4 : 1e-8);
  set("train.warmup", train.warmup, 0);
}

// What depends on other values, where it was not given.
void fill_in(RunConfig& config, const Places& places) {
  if (config.adapter.on_features()) fill_in_recipe(config, places);
  if (config.train.loss == "siglip" && !config.model.init_logit_bias) {
    config.model.init_logit_bias = -10.0;
  }
  if (config.train.loss == "siglip" && !places.contains("model.init_logit_scale")) {
    config.model.init_logit_scale = std::log(10.0);
  }
  for (EvaluateConfig& one : config.evaluate) {
    if (one.name.empty()) one.name = one.split;
  }
  config.model.adaptation = adaptation_of(config);
  config.model.image_tower = !config.trains_on_features();
}

// A file's stem as a run's name.
std::string name_from(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string();
  for (char& c : name) {
    if (!is_name(std::string("a") + c)) c = '_';
  }
  return is_name(name) ? name : "run";
}

// What keys are that are not given, whose defaults depend on the kind of adapter.
RunConfig standard_of(const RunConfig& config) {
  RunConfig standard;
  standard.adapter.kind = config.adapter.kind;
  if (standard.adapter.on_features()) fill_in_recipe(standard, {});
  return standard;
}

// Idle keys are refused in what a user writes; a checkpoint's config is taken as it is.
enum class IdleKeys { refused, allowed };

RunConfig run_from(const ConfigNode& tree, const std::string& source, IdleKeys idle) {
  RunConfig config;
  config.name = name_from(source);
  Places places;
  refuse_resnet(tree.find("model"));
  config.model.vision_cfg = named_tower(tree.find("model"));
  FieldReader reader(tree, "", places);
  visit_fields(reader, config);
  reader.finish();
  fill_in(config, places);
  check_run(config, places, source);
  if (idle == IdleKeys::refused) {
    refuse_idle_keys(config, standard_of(config), places, source);
  }
  return config;
}

ClipConfig model_from(const ConfigNode& tree, const std::string& source) {
  const ConfigNode* inner = tree.find("model");
  if (inner != nullptr && !inner->is_map()) {
    fail<ConfigError>("{}: model is not a map; give the model's keys below it.", inner->place());
  }
  const std::string path = inner == nullptr ? "" : "model";
  const std::string prefix = inner == nullptr ? "" : "model.";
  ClipConfig model;
  Places places;
  refuse_resnet(inner == nullptr ? &tree : inner);
  model.vision_cfg = named_tower(inner == nullptr ? &tree : inner);
  FieldReader reader(inner == nullptr ? tree : *inner, path, places);
  visit_fields(reader, model);
  reader.finish();
  check_model(model, prefix, places, source);
  return model;
}

ConfigNode parse_map(std::string_view text, const std::string& source) {
  ConfigNode tree = parse_yaml(text, source);
  if (!tree.is_map()) fail<ConfigError>("{}: a config is a map of keys.", tree.place());
  return tree;
}

}  // namespace

RunConfig read_run_config(const std::string& path, const std::vector<std::string>& overrides) {
  ConfigNode tree = load_config(path);
  apply_overrides(tree, overrides);
  return run_from(tree, path, IdleKeys::refused);
}

RunConfig parse_run_config(std::string_view text, const std::string& source) {
  return run_from(parse_map(text, source), source, IdleKeys::allowed);
}

ClipConfig read_model_config(const std::string& path) {
  return model_from(load_config(path), path);
}

ClipConfig parse_model_config(std::string_view text, const std::string& source) {
  return model_from(parse_map(text, source), source);
}

}  // namespace tandem
