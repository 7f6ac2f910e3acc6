#include "models/clip.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/l2_normalize.h"
#include "autograd/ops/losses.h"
#include "autograd/ops/unary.h"

namespace tandem {

namespace {

Activation activation(const ClipConfig& config) {
  return config.quick_gelu ? Activation::quick_gelu : Activation::gelu;
}

}  // namespace

Clip::Clip(Graph& graph, const ClipConfig& config)
    : config_(config),
      visual_(graph, config.vision_cfg, activation(config), config.embed_dim),
      text_(graph, config.text_cfg, activation(config), config.embed_dim),
      logit_scale_(graph.parameter("logit_scale", {},
                                   Initializer::constant(config.init_logit_scale))) {
  if (config.init_logit_bias) {
    logit_bias_ =
        graph.parameter("logit_bias", {}, Initializer::constant(*config.init_logit_bias));
  }
}

Tensor Clip::pixel_input(Graph& graph, int64_t N) const {
  const int64_t size = config_.vision_cfg.image_size;
  return graph.input("pixels", {DType::f32, {N, 3, size, size}});
}

Tensor Clip::encode_image(Tensor pixels, Tensor kept) const {
  return l2_normalize(visual_.forward(pixels, kept));
}

Tensor Clip::encode_text(const TextInput& text) const {
  return l2_normalize(text_.forward(text));
}

Tensor Clip::logits(Tensor image_features, Tensor text_features) const {
  const FullPrecision precision(image_features.graph());
  const Tensor cosines = matmul(image_features, text_features, false, true);
  const Tensor scaled = mul(cosines, exp(logit_scale_));
  return logit_bias_ ? add(scaled, logit_bias_) : scaled;
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
