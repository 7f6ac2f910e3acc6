#include "models/adapters/feature_projection.h"

#include "autograd/ops/l2_normalize.h"
#include "autograd/ops/matmul.h"

namespace tandem {

FeatureProjection::FeatureProjection(Graph& graph, const std::string& name, int64_t width)
    : weight_(graph.parameter(name + ".weight", {width, width}, Initializer::zeros())) {}

Tensor FeatureProjection::forward(Tensor features) const {
  return l2_normalize(linear(features, weight_, {}, Activation::none, features));
}

}  // namespace tandem
