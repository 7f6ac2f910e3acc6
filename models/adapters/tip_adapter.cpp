#include "models/adapters/tip_adapter.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/unary.h"

namespace tandem {

TipAdapter::TipAdapter(Graph& graph, const TipAdapterShape& shape) {
  const auto kind = shape.trained ? Variable::Kind::trainable : Variable::Kind::frozen;
  keys_ = graph.variable("cache.keys", {DType::f32, {shape.cached, shape.width}}, kind);
  values_ = graph.variable("cache.values", {DType::f32, {shape.cached, shape.classes}},
                           Variable::Kind::frozen);
}

Tensor TipAdapter::cache_scores(Tensor features, Tensor beta) const {
  const FullPrecision precision(features.graph());
  const Tensor affinity = matmul(features, keys_, false, true);  // [N, S]
  const Tensor one = features.graph().constant({1}, std::vector<float>{1});
  return matmul(exp(mul(sub(affinity, one), beta)), values_);
}

}  // namespace tandem
