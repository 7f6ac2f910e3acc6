// The same elements in row-major order under another shape; no copy. Throws ShapeError if the
// numbers of elements differ.
#pragma once

#include "autograd/graph.h"

namespace tandem {

Tensor reshape(Tensor x, const Shape& shape);

}  // namespace tandem
