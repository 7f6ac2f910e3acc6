#include "models/transformer.h"

#include "autograd/ops/attention.h"
#include "autograd/ops/layer_norm.h"
#include "models/adapters/prompt_learner.h"

#include <cmath>

namespace tandem {

namespace {

// CLIP's deviation for layers that add to the residual stream.
double residual_deviation(const TransformerConfig& config) {
  return 1 / std::sqrt(static_cast<double>(2 * config.width * config.layers));
}

Initializer bias_start(const TransformerConfig& config, int64_t inputs) {
  return config.init == WeightInit::timm ? Initializer::zeros() : default_uniform(inputs);
}

}  // namespace

LayerNorm::LayerNorm(Parameters& parameters, const std::string& name, int64_t width,
                     double epsilon)
    : gamma_(parameters.base(name + ".weight", {width}, Initializer::constant(1))),
      beta_(parameters.base(name + ".bias", {width}, Initializer::zeros())),
      epsilon_(epsilon) {}

Tensor LayerNorm::forward(Tensor x) const { return layer_norm(x, gamma_, beta_, epsilon_); }

Initializer TransformerConfig::weight_start(double clip_deviation, Initializer otherwise) const {
  if (init == WeightInit::timm) return Initializer::normal(0.02);
  return init == WeightInit::clip ? Initializer::normal(clip_deviation) : otherwise;
}

Mlp::Mlp(Parameters& parameters, const std::string& name, const TransformerConfig& config)
    : activation_(config.activation),
      ln_2_(parameters, name + ".ln_2", config.width, config.epsilon) {
  const int64_t C = config.width;
  const int64_t M = config.hidden();
  const double first = 1 / std::sqrt(2 * static_cast<double>(C));
  c_fc_ = Linear(parameters, name + ".mlp.c_fc", M, C,
                 config.weight_start(first, default_uniform(C)), bias_start(config, C));
  c_proj_ = Linear(parameters, name + ".mlp.c_proj", C, M,
                   config.weight_start(residual_deviation(config), default_uniform(M)),
                   bias_start(config, M));
}

Tensor Mlp::forward(Tensor y) const {
  return c_proj_.forward(c_fc_.forward(ln_2_.forward(y), activation_), Activation::none, y);
}

Linear attention_output(Parameters& parameters, const std::string& name,
                        const TransformerConfig& config) {
  const int64_t C = config.width;
  return Linear(parameters, name, C, C,
                config.weight_start(residual_deviation(config), default_uniform(C)), {});
}

Transformer::Transformer(Parameters& parameters, const std::string& prefix,
                         const TransformerConfig& config)
    : config_(config) {
  for (int64_t i = 0; i < config.layers; ++i) {
    blocks_.push_back(declare(parameters, fmt::format("{}resblocks.{}", prefix, i)));
  }
}

Transformer::Block Transformer::declare(Parameters& parameters, const std::string& name) const {
  const int64_t C = config_.width;
  const auto width = static_cast<double>(C);
  // Xavier's bound for in_proj_weight [3C, C]: sqrt(6 / (3C + C)).
  const Initializer xavier = Initializer::uniform(std::sqrt(6 / (4 * width)));
  const std::string attn = name + ".attn.";
  Block block;
  block.ln_1 = LayerNorm(parameters, name + ".ln_1", C, config_.epsilon);
  block.in_proj = Linear(parameters,
                         {attn + "in_proj_weight", attn + "in_proj_bias",
                          {attn + "q", attn + "k", attn + "v"}},
                         3 * C, C, config_.weight_start(1 / std::sqrt(width), xavier), {});
  block.out_proj = attention_output(parameters, attn + "out_proj", config_);
  block.mlp = Mlp(parameters, name, config_);
  return block;
}

Tensor Transformer::attend(const Block& block, Tensor x) const {
  const Tensor qkv = block.in_proj.forward(block.ln_1.forward(x));
  return attention(qkv, config_.heads, config_.causal);
}

Tensor Transformer::finish(const Block& block, Tensor x, Tensor attended) const {
  return block.mlp.forward(block.out_proj.forward(attended, Activation::none, x));
}

Tensor Transformer::forward(Tensor x, const Pool& pool, const std::vector<Tensor>& prompts) const {
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Scope scope(x.graph(), fmt::format("transformer.resblocks.{}", i), true);
    if (i < prompts.size() && prompts[i]) x = with_prompt(x, prompts[i], true);
    const Tensor attended = attend(blocks_[i], x);
    const bool last = i + 1 == blocks_.size();
    x = last ? finish(blocks_[i], pool(x), pool(attended)) : finish(blocks_[i], x, attended);
  }
  return blocks_.empty() ? pool(x) : x;
}

}  // namespace tandem
