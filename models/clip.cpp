#include "models/clip.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/l2_normalize.h"
#include "autograd/ops/losses.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/unary.h"

namespace tandem {

namespace {

Activation activation(bool quick_gelu, const ActKwargs& act_kwargs) {
  if (quick_gelu) return Activation::quick_gelu;
  return act_kwargs.approximate == "tanh" ? Activation::gelu_tanh : Activation::gelu;
}

std::optional<VisionTransformer> image_tower(Parameters& parameters, const ClipConfig& config) {
  if (!config.image_tower) return std::nullopt;
  return std::optional<VisionTransformer>(std::in_place, parameters, config.vision_cfg,
                                          activation(config.quick_gelu,
                                                     config.vision_cfg.act_kwargs),
                                          config.embed_dim);
}

}  // namespace

std::string activation_of(const ClipConfig& model) {
  const auto name = [&](const ActKwargs& act_kwargs) -> std::string {
    switch (activation(model.quick_gelu, act_kwargs)) {
      case Activation::quick_gelu: return "quick_gelu";
      case Activation::gelu_tanh: return "gelu_tanh";
      default: return "gelu";
    }
  };
  const std::string image = name(model.vision_cfg.act_kwargs);
  const std::string text = name(model.text_cfg.act_kwargs);
  return image == text ? image : image + ", " + text;
}

Clip::Clip(Graph& graph, const ClipConfig& config, DropoutSeeds seeds)
    : Clip(Parameters(graph, config.adaptation, seeds), config) {}

Clip::Clip(Parameters& parameters, const ClipConfig& config)
    : config_(config),
      visual_(image_tower(parameters, config)),
      text_(parameters, config.text_cfg,
            activation(config.quick_gelu, config.text_cfg.act_kwargs), config.embed_dim),
      prompts_(parameters, config.text_cfg.width, config.vision_cfg.width, config.embed_dim),
      logit_scale_(
          parameters.base("logit_scale", {}, Initializer::constant(config.init_logit_scale))) {
  if (config.init_logit_bias) {
    logit_bias_ =
        parameters.base("logit_bias", {}, Initializer::constant(*config.init_logit_bias));
  }
}

Tensor Clip::pixel_input(Graph& graph, int64_t N) const {
  const int64_t size = config_.vision_cfg.image_size;
  return graph.input("pixels", {DType::f32, {N, 3, size, size}});
}

Tensor Clip::images(Graph& graph, int64_t N) const {
  if (!visual_) return graph.input("image_features", {DType::f32, {N, config_.embed_dim}});
  return encode_image(pixel_input(graph, N), kept_input(graph, N));
}

Tensor Clip::encode_image(Tensor pixels, Tensor kept) const {
  return l2_normalize(visual_->forward(pixels, kept, prompts_.image()));
}

Tensor Clip::encode_text(const TextInput& text) const {
  return l2_normalize(text_.forward(text, prompts_.text()));
}

Tensor Clip::scaled(Tensor cosines) const {
  const Tensor products = mul(cosines, exp(logit_scale_));
  return logit_bias_ ? add(products, logit_bias_) : products;
}

Tensor Clip::logits(Tensor image_features, Tensor text_features) const {
  const FullPrecision precision(image_features.graph());
  return scaled(matmul(image_features, text_features, false, true));
}

Tensor Clip::class_logits(Tensor image_features, const TextInput& classes) const {
  if (!config_.adaptation.prompts.conditional) return logits(image_features, encode_text(classes));
  const int64_t N = image_features.shape()[0];
  const int64_t K = classes.ids.shape()[0];
  const int64_t E = config_.embed_dim;
  const Tensor texts = l2_normalize(text_.forward(classes, prompts_.text_of(image_features)));
  const FullPrecision precision(image_features.graph());
  const Tensor cosines = matmul(reshape(image_features, {N, 1, E}), reshape(texts, {N, K, E}),
                                false, true);
  return scaled(reshape(cosines, {N, K}));
}

Tensor Clip::loss(Tensor image_features, Tensor text_features, bool sigmoid,
                  double label_smoothing) const {
  const FullPrecision precision(image_features.graph());
  const Tensor cosines = matmul(image_features, text_features, false, true);
  if (!sigmoid) return contrastive_loss(cosines, logit_scale_, label_smoothing);
  if (!logit_bias_) throw ShapeError("clip: the sigmoid loss needs a model with init_logit_bias.");
  return sigmoid_loss(cosines, logit_scale_, logit_bias_);
}

}  // namespace tandem
