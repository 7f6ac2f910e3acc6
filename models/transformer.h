// The pre-norm transformer of both towers (Vaswani et al. 2017; CLIP, section 2.4), with
// open_clip's parameter names and initial values. N batch, T tokens, C width, L layers.
#pragma once

#include "models/linear_layer.h"

#include <functional>
#include <string>
#include <vector>

namespace tandem {

// gamma, beta [C] of `<name>.weight` and `<name>.bias`.
class LayerNorm {
 public:
  LayerNorm() = default;
  LayerNorm(Parameters& parameters, const std::string& name, int64_t width);
  Tensor forward(Tensor x) const;  // [..., C] -> [..., C]

 private:
  Tensor gamma_;
  Tensor beta_;
};

struct TransformerConfig {
  int64_t width = 512;
  int64_t layers = 12;
  int64_t heads = 8;
  double mlp_ratio = 4.0;
  Activation activation = Activation::gelu;
  bool causal = false;
  bool text_init = false;  // CLIP's normals for the text tower; else PyTorch's layer defaults,
                           // as open_clip leaves its image tower
};

// Picks the rows to pool: [N, T, C] -> [N, C].
using Pool = std::function<Tensor(Tensor)>;

class Transformer {
 public:
  // Declares `<prefix>resblocks.<i>.*`.
  Transformer(Parameters& parameters, const std::string& prefix, const TransformerConfig& config);

  // The pooled rows after the last block, [N, C], from x [N, T, C]. Rows that are not pooled do
  // not enter the last block's projection and MLP: nothing depends on them. Where `prompts` has a
  // tensor [P, C] for a block, it stands in for tokens 1 to P of the block's input.
  Tensor forward(Tensor x, const Pool& pool, const std::vector<Tensor>& prompts = {}) const;

 private:
  struct Block {
    LayerNorm ln_1, ln_2;
    Linear in_proj;   // C -> 3C
    Linear out_proj;  // C -> C
    Linear c_fc;      // C -> M
    Linear c_proj;    // M -> C
  };

  Block declare(Parameters& parameters, const std::string& name) const;
  Tensor attend(const Block& block, Tensor x) const;               // [N, T, C] -> [N, T, C]
  Tensor finish(const Block& block, Tensor x, Tensor attended) const;  // [..., C] -> [..., C]

  TransformerConfig config_;
  std::vector<Block> blocks_;
};

}  // namespace tandem
