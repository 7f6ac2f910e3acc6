#include "models/vision_transformer.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/embedding.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/patchify.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/reshape.h"

#include "models/adapters/prompt_learner.h"

#include <cmath>
#include <numeric>

namespace tandem {

namespace {

// Of class token, position table and projection.
Initializer embedding_start(const VisionConfig& config) {
  if (config.weight_init == "timm") return Initializer::normal(0.02);
  return Initializer::normal(1 / std::sqrt(static_cast<double>(config.width)));
}

TransformerConfig transformer_config(const VisionConfig& config, Activation activation) {
  return {.width = config.width,
          .layers = config.layers,
          .heads = config.width / config.head_width,
          .mlp_ratio = config.mlp_ratio,
          .activation = activation,
          .epsilon = config.norm_kwargs.eps,
          .init = config.weight_init == "timm" ? WeightInit::timm : WeightInit::torch};
}

// The whole patches of pixels [N, 3, H, W].
Tensor cropped(Tensor pixels, int64_t patch) {
  const int64_t H = pixels.shape()[2], W = pixels.shape()[3];
  if (H % patch != 0) pixels = slice(pixels, 2, 0, H - H % patch);
  return W % patch != 0 ? slice(pixels, 3, 0, W - W % patch) : pixels;
}

// Rows `kept` of x [N, T, C], as many of each sample: [N, K, C].
Tensor keep_tokens(Tensor x, Tensor kept) {
  const int64_t N = x.shape()[0], T = x.shape()[1], C = x.shape()[2];
  const int64_t rows = kept.shape()[0];
  std::vector<int32_t> ascending(static_cast<size_t>(rows));
  std::iota(ascending.begin(), ascending.end(), 0);
  const Tensor order = x.graph().constant({rows}, ascending);
  return reshape(take_rows(reshape(x, {N * T, C}), kept, order), {N, rows / N, C});
}

}  // namespace

VisionTransformer::VisionTransformer(Parameters& parameters, const VisionConfig& config,
                                     Activation activation, int64_t E)
    : config_(config) {
  const int64_t C = config.width, P = config.patch_size;
  const auto optional = [&](bool wanted, const char* name, const Shape& shape, Initializer start) {
    return wanted ? parameters.base(name, shape, start) : Tensor();
  };
  const Initializer start = embedding_start(config);
  const TransformerConfig blocks = transformer_config(config, activation);
  conv1_ = parameters.base("visual.conv1.weight", {C, 3, P, P}, default_uniform(3 * P * P));
  conv1_bias_ = optional(config.patch_bias, "visual.conv1.bias", {C}, default_uniform(3 * P * P));
  class_embedding_ = optional(config.class_token, "visual.class_embedding", {C}, start);
  positional_embedding_ =
      parameters.base("visual.positional_embedding", {config.tokens(), C}, start);
  if (!config.no_ln_pre) ln_pre_.emplace(parameters, "visual.ln_pre", C, blocks.epsilon);
  transformer_ = Transformer(parameters, "visual.transformer.", blocks);
  ln_post_ = LayerNorm(parameters, "visual.ln_post", C, blocks.epsilon);
  if (config.pool_type == "map") attn_pool_.emplace(parameters, "visual.attn_pool", blocks);
  projection_ = optional(config.proj_type == "linear", "visual.proj", {C, E}, start);
}

Tensor VisionTransformer::kept_input(Graph& graph, int64_t N) const {
  if (config_.kept_patches() == config_.patches()) return {};
  return graph.input("kept_tokens", {DType::i32, {N * config_.kept_tokens()}});
}

Tensor VisionTransformer::embed(Tensor pixels) const {
  const int64_t N = pixels.shape()[0], C = config_.width, P = config_.patch_size;
  const Tensor kernel = reshape(conv1_, {C, 3 * P * P});
  Tensor x = linear(patchify(cropped(pixels, P), P), kernel, conv1_bias_);
  if (class_embedding_) {
    x = concat({broadcast_to(reshape(class_embedding_, {1, 1, C}), {N, 1, C}), x}, 1);
  }
  return add(x, positional_embedding_);
}

Tensor VisionTransformer::pooled(Tensor x, const std::vector<Tensor>& deep) const {
  if (attn_pool_) {
    const Pool all_tokens = [](Tensor all) { return all; };
    return attn_pool_->forward(ln_post_.forward(transformer_.forward(x, all_tokens, deep)));
  }
  const Pool class_token = [](Tensor all) {
    return reshape(slice(all, 1, 0, 1), {all.shape()[0], all.shape()[2]});
  };
  return ln_post_.forward(transformer_.forward(x, class_token, deep));
}

Tensor VisionTransformer::forward(Tensor pixels, Tensor kept,
                                  const std::vector<Tensor>& prompts) const {
  const Scope scope(pixels.graph(), "visual");
  Tensor x = embed(pixels);
  if (kept) x = keep_tokens(x, kept);
  if (!prompts.empty()) x = with_prompt(x, prompts.front(), false);
  std::vector<Tensor> deep = prompts;
  if (!deep.empty()) deep.front() = {};
  const Tensor features = pooled(ln_pre_ ? ln_pre_->forward(x) : x, deep);
  return projection_ ? matmul(features, projection_) : features;
}

}  // namespace tandem
