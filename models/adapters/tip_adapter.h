// Tip-Adapter (Zhang et al. 2022, "Tip-Adapter: training-free adaption of CLIP for few-shot
// classification", section 3): a cache of the training pictures' features as keys and their classes
// as values. N pictures, E features, S cached pictures, K classes.
#pragma once

#include "autograd/graph.h"

namespace tandem {

struct TipAdapterShape {
  int64_t width = 512;    // E
  int64_t cached = 0;     // S
  int64_t classes = 0;    // K
  bool trained = false;   // Tip-Adapter-F: the keys are trained (section 3.3)
};

class TipAdapter {
 public:
  // Declares cache.keys [S, E], and the frozen cache.values [S, K], one-hot rows.
  TipAdapter(Graph& graph, const TipAdapterShape& shape);

  // exp(-beta (1 - f F')) L with keys F and values L: [N, K] from unit rows f [N, E]; beta has one
  // element.
  Tensor cache_scores(Tensor features, Tensor beta) const;

 private:
  Tensor keys_, values_;  // [F_train], [L_train]
};

}  // namespace tandem
