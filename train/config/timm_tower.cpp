#include "train/config/timm_tower.h"

#include "core/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace tandem {
namespace {

struct TimmTower {
  std::string_view name;
  int64_t image_size, patch_size, width, layers, heads;
  double mlp_ratio = 4;
  bool tanh = false;
};

constexpr double kSo400m = 3.7362;  // 4304 hidden channels

constexpr std::array<TimmTower, 16> kTowers{{
    {"vit_base_patch32_siglip_256", 256, 32, 768, 12, 12, 4, true},
    {"vit_base_patch16_siglip_224", 224, 16, 768, 12, 12},
    {"vit_base_patch16_siglip_256", 256, 16, 768, 12, 12},
    {"vit_base_patch16_siglip_384", 384, 16, 768, 12, 12},
    {"vit_base_patch16_siglip_512", 512, 16, 768, 12, 12},
    {"vit_large_patch16_siglip_256", 256, 16, 1024, 24, 16},
    {"vit_large_patch16_siglip_384", 384, 16, 1024, 24, 16},
    {"vit_large_patch16_siglip_512", 512, 16, 1024, 24, 16, 4, true},
    {"vit_so400m_patch14_siglip_224", 224, 14, 1152, 27, 16, kSo400m},
    {"vit_so400m_patch14_siglip_378", 378, 14, 1152, 27, 16, kSo400m},
    {"vit_so400m_patch14_siglip_384", 384, 14, 1152, 27, 16, kSo400m},
    {"vit_so400m_patch16_siglip_256", 256, 16, 1152, 27, 16, kSo400m, true},
    {"vit_so400m_patch16_siglip_384", 384, 16, 1152, 27, 16, kSo400m, true},
    {"vit_so400m_patch16_siglip_512", 512, 16, 1152, 27, 16, kSo400m, true},
    {"vit_giantopt_patch16_siglip_256", 256, 16, 1536, 40, 16, 4, true},
    {"vit_giantopt_patch16_siglip_384", 384, 16, 1536, 40, 16, 4, true},
}};

VisionConfig config_of(const TimmTower& tower) {
  VisionConfig vision;
  vision.image_size = tower.image_size;
  vision.patch_size = tower.patch_size;
  vision.width = tower.width;
  vision.layers = tower.layers;
  vision.head_width = tower.width / tower.heads;
  vision.mlp_ratio = tower.mlp_ratio;
  vision.crop_to_patches = tower.image_size % tower.patch_size != 0;
  vision.patch_bias = true;
  vision.class_token = false;
  vision.no_ln_pre = true;
  vision.pool_type = "map";
  vision.proj_type = "none";
  vision.norm_kwargs.eps = 1e-6;
  vision.act_kwargs.approximate = tower.tanh ? "tanh" : "none";
  vision.weight_init = "timm";
  return vision;
}

// Settings of open_clip's TimmModel, with its own value where a file does not give one.
struct Setting {
  std::string_view key, standard, needed;
};
constexpr std::array<Setting, 5> kSettings{{
    {"timm_pool", "avg", "map"},
    {"timm_proj", "linear", "none"},
    {"timm_model_pretrained", "false", "false"},
    {"timm_drop", "0", "0"},
    {"timm_drop_path", "0", "0"},
}};

bool is_number_zero(std::string_view text) {
  return text.find_first_not_of("0.") == std::string_view::npos;
}

void check_setting(const ConfigNode& vision, const ConfigNode& name, const Setting& setting) {
  const ConfigNode* given = vision.find(setting.key);
  const bool none = given == nullptr || given->kind == ConfigNode::Kind::null;
  const std::string_view value = none ? setting.standard : std::string_view(given->text);
  const bool fits = setting.needed == "0" ? is_number_zero(value) : value == setting.needed;
  if (fits && (none || given->is_scalar())) return;
  fail<ConfigError>("{}: vision_cfg.{} is {}{}; of {} Tandem supports only {}.",
                    none ? name.place() : given->place(), setting.key, value,
                    none ? " unless given" : "", name.text, setting.needed);
}

}  // namespace

std::optional<VisionConfig> timm_tower(std::string_view name) {
  const auto found = std::ranges::find(kTowers, name, &TimmTower::name);
  if (found == kTowers.end()) return std::nullopt;
  return config_of(*found);
}

VisionConfig named_tower(const ConfigNode* model) {
  const ConfigNode* vision = model == nullptr ? nullptr : model->find("vision_cfg");
  const ConfigNode* name = vision == nullptr ? nullptr : vision->find("timm_model_name");
  if (name == nullptr || name->kind == ConfigNode::Kind::null) return {};
  const auto found = timm_tower(name->text);
  if (!found) {
    std::vector<std::string_view> names;
    for (const TimmTower& tower : kTowers) names.push_back(tower.name);
    fail<ConfigError>("{}: vision_cfg.timm_model_name is '{}'; of timm's towers Tandem has {}.",
                      name->place(), name->text.substr(0, 60), fmt::join(names, ", "));
  }
  for (const Setting& setting : kSettings) check_setting(*vision, *name, setting);
  const ConfigNode* quick = model->find("quick_gelu");
  if (quick != nullptr && quick->text == "true") {
    fail<ConfigError>("{}: quick_gelu is true, which timm's {} does not follow; set it to false.",
                      quick->place(), name->text);
  }
  return *found;
}

bool timm_has_tanh(const VisionConfig& tower) {
  return std::ranges::any_of(kTowers, [&](const TimmTower& one) {
    return one.tanh && one.image_size == tower.image_size && one.patch_size == tower.patch_size &&
           one.width == tower.width;
  });
}

}  // namespace tandem
