#include "train/config/check.h"
#include "train/config/checker.h"

namespace tandem {
namespace {

void check_patches(const VisionConfig& vision, const std::string& v, const Checker& checker) {
  if (!vision.crop_to_patches) {
    return checker.divides(v + "patch_size", vision.patch_size, v + "image_size",
                           vision.image_size);
  }
  checker.require(vision.patch_size <= vision.image_size, v + "patch_size",
                  fmt::format("{0}patch_size is {1}, more than {0}image_size {2}.", v,
                              vision.patch_size, vision.image_size));
}

void check_pooling(const VisionConfig& vision, const std::string& v, const Checker& checker) {
  const bool token = vision.pool_type == "tok";
  checker.require(token == vision.class_token, v + "pool_type",
                  fmt::format("{0}pool_type is {1}, but {0}class_token is {2}; set it to {3}.", v,
                              vision.pool_type, vision.class_token, token));
}

void check_projection(const std::string& type, int64_t width, int64_t E, const std::string& tower,
                      const Checker& checker) {
  checker.require(
      type == "linear" || width == E, tower + "proj_type",
      fmt::format("{0}proj_type is none, but {0}width is {1} and embed_dim {2}; make them equal.",
                  tower, width, E));
}

void check_mlp(int64_t width, double ratio, const std::string& tower, const Checker& checker) {
  checker.require(
      mlp_channels(width, ratio) >= 1, tower + "mlp_ratio",
      fmt::format("{}mlp_ratio is {}, which leaves the MLP no channels.", tower, ratio));
}

void check_activation(bool quick_gelu, const ActKwargs& act, const std::string& tower,
                      const Checker& checker) {
  checker.require(!quick_gelu || act.approximate == "none", tower + "act_kwargs.approximate",
                  fmt::format("{}act_kwargs.approximate is {}, but quick_gelu is true; choose one.",
                              tower, act.approximate));
}

}  // namespace

void check_model(const ClipConfig& model, const std::string& prefix, const Places& places,
                 const std::string& source) {
  const Checker checker(places, source);
  const VisionConfig& vision = model.vision_cfg;
  const TextConfig& text = model.text_cfg;
  const std::string v = prefix + "vision_cfg.";
  const std::string t = prefix + "text_cfg.";
  check_patches(vision, v, checker);
  check_pooling(vision, v, checker);
  check_projection(vision.proj_type, vision.width, model.embed_dim, v, checker);
  check_projection(text.proj_type, text.width, model.embed_dim, t, checker);
  checker.divides(v + "head_width", vision.head_width, v + "width", vision.width);
  checker.divides(t + "heads", text.heads, t + "width", text.width);
  check_mlp(vision.width, vision.mlp_ratio, v, checker);
  check_mlp(text.width, text.mlp_ratio, t, checker);
  check_activation(model.quick_gelu, vision.act_kwargs, v, checker);
  check_activation(model.quick_gelu, text.act_kwargs, t, checker);
}

}  // namespace tandem
