#include "models/attention_pool.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/softmax.h"
#include "autograd/ops/unary.h"

#include <cmath>

namespace tandem {

namespace {

// Of a normal cut off at two deviations, which timm draws, over the deviation.
constexpr double spread = 0.8796;

}  // namespace

AttentionPool::AttentionPool(Parameters& parameters, const std::string& name,
                             const TransformerConfig& config)
    : heads_(config.heads) {
  const int64_t C = config.width;
  const double deviation = 1 / std::sqrt(static_cast<double>(C));
  const auto layer = [&](const char* part) {
    return Linear(parameters, name + part, C, C, config.weight_start(deviation, default_uniform(C)),
                  {});
  };
  latent_ = parameters.base(name + ".latent", {1, 1, C}, Initializer::normal(spread * deviation));
  q_ = layer(".q");
  k_ = layer(".k");
  v_ = layer(".v");
  out_proj_ = attention_output(parameters, name + ".out_proj", config);
  mlp_ = Mlp(parameters, name, config);
}

Tensor AttentionPool::forward(Tensor x) const {
  const Scope scope(x.graph(), "attn_pool");
  const int64_t N = x.shape()[0], T = x.shape()[1], C = x.shape()[2];
  const int64_t H = heads_, D = C / H;
  const Tensor query = q_.forward(reshape(latent_, {1, C}));
  const Tensor q = reshape(scale(query, 1 / std::sqrt(static_cast<double>(D))), {1, 1, H, D});
  const Tensor k = reshape(k_.forward(x), {N, T, H, D});
  const Tensor v = reshape(v_.forward(x), {N, T, H, D});
  const Tensor scores = sum(mul(k, q), {3});  // [N, T, H]
  const Tensor shares = transpose(softmax(transpose(scores, {0, 2, 1})), {0, 2, 1});
  const Tensor z = sum(mul(v, reshape(shares, {N, T, H, 1})), {1});  // [N, H, D]
  return mlp_.forward(out_proj_.forward(reshape(z, {N, C})));
}

}  // namespace tandem
