// Scores of classes by their texts: what adapters on features start from. N pictures, E features,
// K classes.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// scale f W' (Radford et al. 2021, section 3.1.2): features f [N, E] and class texts W [K, E], unit
// rows. Returns [N, K]. Throws ShapeError.
Tensor class_scores(Tensor features, Tensor class_texts, double scale);

}  // namespace tandem
