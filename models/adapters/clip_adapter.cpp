#include "models/adapters/clip_adapter.h"

#include "autograd/ops/activation.h"
#include "autograd/ops/binary.h"
#include "autograd/ops/l2_normalize.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/unary.h"
#include "core/error.h"

#include <cmath>

namespace tandem {
namespace {

// The start of a linear layer with so many inputs in PyTorch.
Initializer linear_start(int64_t inputs) {
  return Initializer::uniform(1 / std::sqrt(static_cast<double>(inputs)));
}

}  // namespace

ClipAdapter::ClipAdapter(Graph& graph, const ClipAdapterShape& shape) : shape_(shape) {
  const int64_t E = shape.width, hidden = E / shape.reduction;
  if (hidden < 1) {
    fail<ShapeError>("clip_adapter: a reduction of {} leaves no channels of {} features; choose a "
                     "smaller one.",
                     shape.reduction, E);
  }
  down_ = graph.parameter("image_adapter.fc.0.weight", {hidden, E}, linear_start(E));
  up_ = graph.parameter("image_adapter.fc.2.weight", {E, hidden}, linear_start(hidden));
}

Tensor ClipAdapter::forward(Tensor features) const {
  const Tensor hidden = linear(features, down_, {}, Activation::relu);
  const Tensor adapted = linear(hidden, up_, {}, Activation::relu);
  return l2_normalize(add(scale(adapted, shape_.ratio), scale(features, 1 - shape_.ratio)));
}

}  // namespace tandem
