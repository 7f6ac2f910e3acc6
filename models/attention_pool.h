// Pooling by attention with one learnt query (Lee et al. 2019, "Set Transformer", section 3.2), the
// MAP head of SigLIP's image tower (Zhai et al. 2021, "Scaling vision transformers"):
//   z = sum_t softmax_t(q k_t / sqrt(D)) v_t for every head      q = latent Wq' + bq
//   y = Mlp(z Wo' + bo)
#pragma once

#include "models/transformer.h"

namespace tandem {

class AttentionPool {
 public:
  AttentionPool() = default;

  // Declares `<name>.latent`, the layers `q`, `k`, `v` and `out_proj`, `ln_2` and `mlp.*`.
  AttentionPool(Parameters& parameters, const std::string& name, const TransformerConfig& config);

  Tensor forward(Tensor x) const;  // [N, T, C] -> [N, C]

 private:
  int64_t heads_ = 1;
  Tensor latent_;  // [1, 1, C]
  Linear q_, k_, v_, out_proj_;
  Mlp mlp_;
};

}  // namespace tandem
