// A learnt linear map of frozen features that starts as the identity: the smallest thing that can
// be trained with the contrastive loss against locked features (Zhai et al. 2022, "LiT", section
// 3). E features.
#pragma once

#include "autograd/graph.h"

#include <string>

namespace tandem {

class FeatureProjection {
 public:
  // Declares <name>.weight [E, E], zeros.
  FeatureProjection(Graph& graph, const std::string& name, int64_t width);

  // Unit rows [N, E] of f + f W' from unit rows f [N, E].
  Tensor forward(Tensor features) const;

 private:
  Tensor weight_;
};

}  // namespace tandem
