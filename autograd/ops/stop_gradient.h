// A value that is taken as a constant by gradients(); no copy.
#pragma once

#include "autograd/graph.h"

namespace tandem {

Tensor stop_gradient(Tensor x);

}  // namespace tandem
