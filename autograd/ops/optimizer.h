// Updates of all trainable parameters in one go. Gradients are packed into one arena of the same
// layout as Graph::trainable_arena(); tables say, for every block of 64 elements, how it is
// treated. All throw ShapeError.
#pragma once

#include "autograd/graph.h"

#include <array>
#include <limits>

namespace tandem {

// f32 [total]: part i, flat, at element offsets[i] (multiples of Variable::alignment, ascending).
// Parts are made right there where that is possible. What lies between is undefined.
Tensor pack(const std::vector<Tensor>& parts, const std::vector<int64_t>& offsets, int64_t total);

// Gradients of parameters (trainable variables of one graph; all must be declared by now) laid
// out as the trainable arena. A null gradient leaves its part undefined.
Tensor gradient_arena(const std::vector<Tensor>& parameters, const std::vector<Tensor>& gradients);

// How a group of parameters is updated.
struct UpdateGroup {
  double lr_factor = 1.0;
  double weight_decay = 0.0;
  double lower = -std::numeric_limits<double>::infinity();  // parameters stay in [lower, upper]
  double upper = std::numeric_limits<double>::infinity();
};

struct UpdateTables {
  Tensor blocks;  // i32 [total / 64, 2]: group, and elements that are updated (0: none)
  Tensor groups;  // f32 [G, 4]: lr factor, weight decay, lower, upper
};

// Constants for the functions below; group_of[i] is the group of parameters[i]. A parameter with
// a null gradient, or not named at all, is not updated.
UpdateTables update_tables(const std::vector<Tensor>& parameters,
                         const std::vector<Tensor>& gradients,
                         const std::vector<UpdateGroup>& groups, const std::vector<int>& group_of);

// f32 [1]: square root of the sum of squares of all gradients, infinite where f32 can't hold the
// sum. NaN where the loss (f32, one element) is not finite: then adamw() changes nothing either.
Tensor gradient_norm(Tensor arena, Tensor blocks, Tensor loss);

// Adds an update of the trainable arena and of the state variables "adamw.m" and "adamw.v" (f32
// [total]) to the graph. AdamW (Loshchilov & Hutter 2019, "Decoupled weight decay
// regularization", algorithm 2) with clipping by the global norm (Pascanu et al. 2013, algorithm
// 1), as PyTorch computes them; then parameters are clamped to their group's bounds. If the norm
// is not finite no parameter and no moment changes. `hyper` f32 [8] is an input that the host
// fills by adamw_hyper().
void adamw(Tensor arena, Tensor blocks, Tensor groups, Tensor norm, Tensor hyper);

// The same by SGD with momentum (Sutskever et al. 2013, "On the importance of initialization and
// momentum in deep learning", section 2, in PyTorch's form), whose state is "sgd.momentum" alone.
// `hyper` is what sgd_hyper() gives.
void sgd(Tensor arena, Tensor blocks, Tensor groups, Tensor norm, Tensor hyper);

// The numbers of one step: lr, beta1, beta2, epsilon, 1 - beta1^step, 1 - beta2^step, max_norm,
// gradient_factor. step counts from 1; max_norm 0 does not clip; gradients are multiplied by
// gradient_factor (one over the loss scale) first, and so is their norm. Powers are those of the
// betas as floats, so that the corrections fit the moments.
std::array<float, 8> adamw_hyper(double lr, double beta1, double beta2, double epsilon,
                                 int64_t step, double max_norm = 0, double gradient_factor = 1);

// Likewise: lr, momentum, four that are not used, max_norm, gradient_factor.
std::array<float, 8> sgd_hyper(double lr, double momentum, double max_norm = 0,
                               double gradient_factor = 1);

}  // namespace tandem
