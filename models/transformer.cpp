#include "models/transformer.h"

#include "autograd/ops/attention.h"
#include "autograd/ops/layer_norm.h"
#include "models/adapters/prompt_learner.h"

#include <cmath>

namespace tandem {

LayerNorm::LayerNorm(Parameters& parameters, const std::string& name, int64_t width)
    : gamma_(parameters.base(name + ".weight", {width}, Initializer::constant(1))),
      beta_(parameters.base(name + ".bias", {width}, Initializer::zeros())) {}

Tensor LayerNorm::forward(Tensor x) const { return layer_norm(x, gamma_, beta_, 1e-5); }

Transformer::Transformer(Parameters& parameters, const std::string& prefix,
                         const TransformerConfig& config)
    : config_(config) {
  for (int64_t i = 0; i < config.layers; ++i) {
    blocks_.push_back(declare(parameters, fmt::format("{}resblocks.{}", prefix, i)));
  }
}

Transformer::Block Transformer::declare(Parameters& parameters, const std::string& name) const {
  const int64_t width = config_.width;
  const auto hidden = static_cast<int64_t>(static_cast<double>(width) * config_.mlp_ratio);
  const auto w = static_cast<double>(width);
  const double projection = 1 / std::sqrt(w * 2 * static_cast<double>(config_.layers));
  const auto pick = [&](double deviation, Initializer otherwise) {
    return config_.text_init ? Initializer::normal(deviation) : otherwise;
  };
  // Xavier's bound for in_proj_weight [3C, C]: sqrt(6 / (3C + C)).
  const Initializer xavier = Initializer::uniform(std::sqrt(6 / (4 * w)));
  const std::string attn = name + ".attn.";
  Block block;
  block.ln_1 = LayerNorm(parameters, name + ".ln_1", width);
  block.in_proj = Linear(parameters,
                         {attn + "in_proj_weight", attn + "in_proj_bias",
                          {attn + "q", attn + "k", attn + "v"}},
                         3 * width, width, pick(1 / std::sqrt(w), xavier), {});
  block.out_proj = Linear(parameters, attn + "out_proj", width, width,
                          pick(projection, default_uniform(width)), {});
  block.ln_2 = LayerNorm(parameters, name + ".ln_2", width);
  block.c_fc = Linear(parameters, name + ".mlp.c_fc", hidden, width,
                      pick(1 / std::sqrt(2 * w), default_uniform(width)), default_uniform(width));
  block.c_proj = Linear(parameters, name + ".mlp.c_proj", width, hidden,
                        pick(projection, default_uniform(hidden)), default_uniform(hidden));
  return block;
}

Tensor Transformer::attend(const Block& block, Tensor x) const {
  const Tensor qkv = block.in_proj.forward(block.ln_1.forward(x));
  return attention(qkv, config_.heads, config_.causal);
}

Tensor Transformer::finish(const Block& block, Tensor x, Tensor attended) const {
  const Tensor y = block.out_proj.forward(attended, Activation::none, x);
  const Tensor hidden = block.c_fc.forward(block.ln_2.forward(y), config_.activation);
  return block.c_proj.forward(hidden, Activation::none, y);
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
