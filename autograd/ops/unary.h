// Functions of every element of an f32 tensor. Throw ShapeError for another dtype.
#pragma once

#include "autograd/graph.h"

namespace tandem {

Tensor exp(Tensor x);
Tensor log(Tensor x);   // natural; NaN below zero
Tensor sqrt(Tensor x);  // NaN below zero; the gradient at zero is infinite

// x * factor. The tensor itself where the factor is 1.
Tensor scale(Tensor x, double factor);

}  // namespace tandem
