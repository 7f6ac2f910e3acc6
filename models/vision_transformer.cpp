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

int64_t tokens(const VisionConfig& config) { return config.patches() + 1; }

Initializer scaled_normal(const VisionConfig& config) {
  return Initializer::normal(1 / std::sqrt(static_cast<double>(config.width)));
}

TransformerConfig transformer_config(const VisionConfig& config, Activation activation) {
  return {.width = config.width,
          .layers = config.layers,
          .heads = config.width / config.head_width,
          .mlp_ratio = config.mlp_ratio,
          .activation = activation};
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
    : config_(config),
      conv1_(parameters.base(
          "visual.conv1.weight", {config.width, 3, config.patch_size, config.patch_size},
          Initializer::uniform(1 / std::sqrt(3.0 * static_cast<double>(config.patch_size *
                                                                       config.patch_size))))),
      class_embedding_(parameters.base("visual.class_embedding", {config.width},
                                       scaled_normal(config))),
      positional_embedding_(parameters.base("visual.positional_embedding",
                                            {tokens(config), config.width},
                                            scaled_normal(config))),
      ln_pre_(parameters, "visual.ln_pre", config.width),
      transformer_(parameters, "visual.transformer.", transformer_config(config, activation)),
      ln_post_(parameters, "visual.ln_post", config.width),
      projection_(parameters.base("visual.proj", {config.width, E}, scaled_normal(config))) {}

Tensor VisionTransformer::kept_input(Graph& graph, int64_t N) const {
  if (config_.kept_patches() == config_.patches()) return {};
  return graph.input("kept_tokens", {DType::i32, {N * (1 + config_.kept_patches())}});
}

Tensor VisionTransformer::forward(Tensor pixels, Tensor kept,
                                  const std::vector<Tensor>& prompts) const {
  const Scope scope(pixels.graph(), "visual");
  const int64_t N = pixels.shape()[0];
  const int64_t C = config_.width;
  const Tensor kernel = reshape(conv1_, {C, 3 * config_.patch_size * config_.patch_size});
  const Tensor patches = linear(patchify(pixels, config_.patch_size), kernel, {});
  const Tensor classes = broadcast_to(reshape(class_embedding_, {1, 1, C}), {N, 1, C});
  Tensor x = add(concat({classes, patches}, 1), positional_embedding_);
  if (kept) x = keep_tokens(x, kept);
  if (!prompts.empty()) x = with_prompt(x, prompts.front(), false);
  const Pool class_token = [&](Tensor all) {
    return reshape(slice(all, 1, 0, 1), {N, C});
  };
  std::vector<Tensor> deep = prompts;
  if (!deep.empty()) deep.front() = {};
  const Tensor pooled = transformer_.forward(ln_pre_.forward(x), class_token, deep);
  return matmul(ln_post_.forward(pooled), projection_);
}

}  // namespace tandem
