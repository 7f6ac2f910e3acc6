// Losses. All give a mean as a scalar, f32; sums are accurate for matrices of a few thousand rows.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// CLIP's loss: the mean of the cross entropies of the rows and of the columns of
// exp(logit_scale) similarity, with the diagonal as target. similarity [N, N], pictures by texts;
// logit_scale [] or [1], a natural logarithm. label_smoothing in [0, 1) spreads that share of the
// target evenly over the N classes. Returns []. Throws ShapeError.
Tensor contrastive_loss(Tensor similarity, Tensor logit_scale, double label_smoothing = 0);

// SigLIP's loss: sum over all pairs of -log sigmoid(z (exp(logit_scale) similarity + logit_bias)),
// over N; z is 1 on the diagonal, else -1. similarity [N, N]; logit_scale, logit_bias [] or [1].
// Returns []. Throws ShapeError.
Tensor sigmoid_loss(Tensor similarity, Tensor logit_scale, Tensor logit_bias);

// Mean over the rows whose label is not ignore_index of the cross entropy of logits [N, V] f32
// with labels [N] i32. NaN if no row counts, or if a label that is not ignored is outside [0, V).
// Returns []. Throws ShapeError.
Tensor cross_entropy(Tensor logits, Tensor labels, double label_smoothing = 0,
                     int64_t ignore_index = -100);

}  // namespace tandem
