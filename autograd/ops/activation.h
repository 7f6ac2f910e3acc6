// Element-wise activations. Each gives a tensor of x's shape; x is f32, else ShapeError.
#pragma once

#include "autograd/graph.h"
#include "core/activation.h"

namespace tandem {

// y = kind(x); x itself for `none`.
Tensor activate(Tensor x, Activation kind);

// x Phi(x), Phi the normal distribution (Hendrycks & Gimpel 2016, section 2).
inline Tensor gelu(Tensor x) { return activate(x, Activation::gelu); }

// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (the same paper's approximation).
inline Tensor gelu_tanh(Tensor x) { return activate(x, Activation::gelu_tanh); }

// x sigmoid(1.702 x): what OpenAI's CLIP was trained with.
inline Tensor quick_gelu(Tensor x) { return activate(x, Activation::quick_gelu); }

// max(x, 0); its gradient at 0 is 0.
inline Tensor relu(Tensor x) { return activate(x, Activation::relu); }

// x sigmoid(x) (Elfwing, Uchibe & Doya 2017).
inline Tensor silu(Tensor x) { return activate(x, Activation::silu); }

// 1 / (1 + exp(-x))
inline Tensor sigmoid(Tensor x) { return activate(x, Activation::sigmoid); }

// dx = kind'(x) dy, for ops that fuse an activation.
Tensor activation_gradient(Tensor x, Tensor dy, Activation kind);

// The op of `activate`, with one attribute: the integer `kind`.
const Op& activation_op();

// In double, for references.
double activation_reference(double x, Activation kind);
double derivative_reference(double x, Activation kind);

}  // namespace tandem
