// The pre-norm transformer of both towers (Vaswani et al. 2017; CLIP, section 2.4), with
// open_clip's parameter names and initial values. N batch, T tokens, C width, L layers.
#pragma once

#include "models/clip_config.h"
#include "models/linear_layer.h"

#include <functional>
#include <string>
#include <vector>

namespace tandem {

// gamma, beta [C] of `<name>.weight` and `<name>.bias`.
class LayerNorm {
 public:
  LayerNorm() = default;
  LayerNorm(Parameters& parameters, const std::string& name, int64_t width, double epsilon);
  Tensor forward(Tensor x) const;  // [..., C] -> [..., C]

 private:
  Tensor gamma_;
  Tensor beta_;
  double epsilon_ = 0;
};

// How a tower's linear layers start:
//   torch  PyTorch's defaults, attention's joint weight by Xavier's uniform, as open_clip leaves
//          its image tower
//   clip   CLIP's normals for the text tower
//   timm   normals of deviation 0.02 and biases of zero
enum class WeightInit { torch, clip, timm };

struct TransformerConfig {
  int64_t width = 512;
  int64_t layers = 12;
  int64_t heads = 8;
  double mlp_ratio = 4.0;
  Activation activation = Activation::gelu;
  bool causal = false;
  double epsilon = 1e-5;  // of the norms
  WeightInit init = WeightInit::torch;

  int64_t hidden() const { return mlp_channels(width, mlp_ratio); }

  // The start of a layer's weight: `clip_deviation` for WeightInit::clip, `otherwise` for torch.
  Initializer weight_start(double clip_deviation, Initializer otherwise) const;
};

// The MLP of a block with its norm and residual: y + c_proj(activation(c_fc(ln_2(y)))).
class Mlp {
 public:
  Mlp() = default;

  // Declares `<name>.ln_2`, `<name>.mlp.c_fc` and `<name>.mlp.c_proj`.
  Mlp(Parameters& parameters, const std::string& name, const TransformerConfig& config);

  Tensor forward(Tensor y) const;  // [..., C] -> [..., C]

 private:
  Activation activation_ = Activation::none;
  LayerNorm ln_2_;
  Linear c_fc_;    // C -> M
  Linear c_proj_;  // M -> C
};

// `<name>`, C -> C, that follows attention.
Linear attention_output(Parameters& parameters, const std::string& name,
                        const TransformerConfig& config);

// Picks the rows to pool: [N, T, C] -> [N, C], or all of them as they are.
using Pool = std::function<Tensor(Tensor)>;

class Transformer {
 public:
  Transformer() = default;

  // Declares `<prefix>resblocks.<i>.*`.
  Transformer(Parameters& parameters, const std::string& prefix, const TransformerConfig& config);

  // The pooled rows after the last block, from x [N, T, C]. Rows that are not pooled do not enter
  // the last block's projection and MLP: nothing depends on them. Where `prompts` has a tensor
  // [P, C] for a block, it stands in for tokens 1 to P of the block's input.
  Tensor forward(Tensor x, const Pool& pool, const std::vector<Tensor>& prompts = {}) const;

 private:
  struct Block {
    LayerNorm ln_1;
    Linear in_proj;   // C -> 3C
    Linear out_proj;  // C -> C
    Mlp mlp;
  };

  Block declare(Parameters& parameters, const std::string& name) const;
  Tensor attend(const Block& block, Tensor x) const;                   // [N, T, C] -> [N, T, C]
  Tensor finish(const Block& block, Tensor x, Tensor attended) const;  // [..., C] -> [..., C]

  TransformerConfig config_;
  std::vector<Block> blocks_;
};

}  // namespace tandem
