// Matrix products, plain and as a layer. All tensors are f32; throws ShapeError.
#pragma once

#include "autograd/graph.h"
#include "core/activation.h"

namespace tandem {

// op(a) op(b): a [..., m, k] ([..., k, m] with transpose_a) and b [..., k, n] ([..., n, k] with
// transpose_b) of equal leading axes -> [..., m, n]. Or b of rank 2 and a of any rank >= 2, one
// product over all rows of a; then a of rank > 2 can't be transposed.
Tensor matmul(Tensor a, Tensor b, bool transpose_a = false, bool transpose_b = false);

// y = activation(x W' + bias) + residual.
//   x [..., C]   weight W [D, C]   bias [D] or null   residual [..., D] or null   y [..., D]
Tensor linear(Tensor x, Tensor weight, Tensor bias, Activation activation = Activation::none,
              Tensor residual = {});

}  // namespace tandem
