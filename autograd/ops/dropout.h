// Dropout (Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from
// overfitting", section 4), scaled while training.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// x [...] f32 with each element zero at the given probability in [0, 1), and the others divided
// by 1 - probability. `seed` i32 [5] is an input: seed low, seed high, step low, step high (words
// of two 64-bit numbers), and k where x is the k-th of several equal parts of a tensor, which has
// the mask that it would have as a whole. `use` in [0, 2^32) tells the dropouts of a model apart.
// Element i of n is dropped if word k n + i of Random(seed, step, use, RandomUse::dropout) is below
// probability * 2^32, on every device. x itself at probability 0. Throws ShapeError.
Tensor dropout(Tensor x, double probability, Tensor seed, int64_t use);

}  // namespace tandem
