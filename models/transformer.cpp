#include "models/transformer.h"

#include "autograd/ops/attention.h"
#include "autograd/ops/layer_norm.h"

#include <cmath>

namespace tandem {

LayerNorm::LayerNorm(Graph& graph, const std::string& name, int64_t width)
    : gamma_(graph.parameter(name + ".weight", {width}, Initializer::constant(1))),
      beta_(graph.parameter(name + ".bias", {width}, Initializer::zeros())) {}

Tensor LayerNorm::forward(Tensor x) const { return layer_norm(x, gamma_, beta_, 1e-5); }

namespace {

// PyTorch's default for a layer with that many inputs: uniform within 1 / sqrt(inputs).
Initializer default_uniform(int64_t inputs) {
  return Initializer::uniform(1 / std::sqrt(static_cast<double>(inputs)));
}

}  // namespace

Transformer::Transformer(Graph& graph, const std::string& prefix, const TransformerConfig& config)
    : config_(config) {
  for (int64_t i = 0; i < config.layers; ++i) {
    blocks_.push_back(declare(graph, fmt::format("{}resblocks.{}", prefix, i)));
  }
}

Transformer::Block Transformer::declare(Graph& graph, const std::string& name) const {
  const int64_t width = config_.width;
  const auto hidden = static_cast<int64_t>(static_cast<double>(width) * config_.mlp_ratio);
  const auto w = static_cast<double>(width);
  const double projection = 1 / std::sqrt(w * 2 * static_cast<double>(config_.layers));
  const auto pick = [&](double deviation, Initializer otherwise) {
    return config_.text_init ? Initializer::normal(deviation) : otherwise;
  };
  // Xavier's bound for in_proj_weight [3C, C]: sqrt(6 / (3C + C)).
  const Initializer xavier = Initializer::uniform(std::sqrt(6 / (4 * w)));
  Block block;
  block.ln_1 = LayerNorm(graph, name + ".ln_1", width);
  block.in_weight = graph.parameter(name + ".attn.in_proj_weight", {3 * width, width},
                                    pick(1 / std::sqrt(w), xavier));
  block.in_bias = graph.parameter(name + ".attn.in_proj_bias", {3 * width}, {});
  block.out_weight = graph.parameter(name + ".attn.out_proj.weight", {width, width},
                                     pick(projection, default_uniform(width)));
  block.out_bias = graph.parameter(name + ".attn.out_proj.bias", {width}, {});
  block.ln_2 = LayerNorm(graph, name + ".ln_2", width);
  block.fc_weight = graph.parameter(name + ".mlp.c_fc.weight", {hidden, width},
                                    pick(1 / std::sqrt(2 * w), default_uniform(width)));
  block.fc_bias = graph.parameter(name + ".mlp.c_fc.bias", {hidden}, default_uniform(width));
  block.proj_weight = graph.parameter(name + ".mlp.c_proj.weight", {width, hidden},
                                      pick(projection, default_uniform(hidden)));
  block.proj_bias = graph.parameter(name + ".mlp.c_proj.bias", {width}, default_uniform(hidden));
  return block;
}

Tensor Transformer::attend(const Block& block, Tensor x) const {
  const Tensor qkv = linear(block.ln_1.forward(x), block.in_weight, block.in_bias);
  return attention(qkv, config_.heads, config_.causal);
}

Tensor Transformer::finish(const Block& block, Tensor x, Tensor attended) const {
  const Tensor y = linear(attended, block.out_weight, block.out_bias, Activation::none, x);
  const Tensor hidden =
      linear(block.ln_2.forward(y), block.fc_weight, block.fc_bias, config_.activation);
  return linear(hidden, block.proj_weight, block.proj_bias, Activation::none, y);
}

Tensor Transformer::forward(Tensor x, const Pool& pool) const {
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Scope scope(x.graph(), fmt::format("transformer.resblocks.{}", i), true);
    const Tensor attended = attend(blocks_[i], x);
    const bool last = i + 1 == blocks_.size();
    x = last ? finish(blocks_[i], pool(x), pool(attended)) : finish(blocks_[i], x, attended);
  }
  return blocks_.empty() ? pool(x) : x;
}

}  // namespace tandem
