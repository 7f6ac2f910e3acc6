// CLIP-Adapter (Gao et al. 2021, "CLIP-Adapter: better vision-language models with feature
// adapters", section 3.2), on image features. N pictures, E features, r the reduction.
#pragma once

#include "autograd/graph.h"

namespace tandem {

struct ClipAdapterShape {
  int64_t width = 512;    // E
  int64_t reduction = 4;  // r; at most E
  double ratio = 0.2;     // [alpha]: share of the adapted feature
};

class ClipAdapter {
 public:
  // Declares image_adapter.fc.0.weight [E/r, E] and image_adapter.fc.2.weight [E, E/r], which
  // start as PyTorch's linear layers do. Throws ShapeError.
  ClipAdapter(Graph& graph, const ClipAdapterShape& shape);

  // Unit rows [N, E] of alpha A(f) + (1 - alpha) f, A(f) = relu(relu(f W_1') W_2'), from unit
  // rows f [N, E].
  Tensor forward(Tensor features) const;

 private:
  ClipAdapterShape shape_;
  Tensor down_, up_;  // [W_1], [W_2]
};

}  // namespace tandem
