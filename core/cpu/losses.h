// Losses over rows of logits and over square matrices of similarities. Sums over rows are added
// up in double, in a fixed order.
#pragma once

#include "core/cpu/threads.h"

#include <cstddef>
#include <cstdint>

namespace tandem::cpu {

struct CrossEntropy {
  Threads* threads;
  const float* logits;    // [rows, columns]
  const int32_t* labels;  // [rows]
  float* losses;          // [rows], scratch
  int64_t rows;
  int64_t columns;
  int64_t ignored;  // rows with this label do not count
  double smoothing;
};

// The mean loss, each row's log-sum-exp [rows], and how many rows count [1]. A label outside
// [0, columns) makes the loss NaN.
void cross_entropy(const CrossEntropy& work, float* loss, float* row_lse, float* counted);

// dlogits [rows, columns] from the loss's gradient dloss [1].
void cross_entropy_gradient(const CrossEntropy& work, const float* row_lse, const float* counted,
                            const float* dloss, float* dlogits);

// Similarities [size, size] and what turns them into logits:
// logits = exp(logit_scale[0]) similarity (+ logit_bias[0], null for none).
struct PairLoss {
  Threads* threads;
  const float* similarity;
  const float* logit_scale;
  const float* logit_bias;
  float* scratch;  // pair_loss_scratch(size) bytes
  int64_t size;
  double smoothing;
};

size_t pair_loss_scratch(int64_t size);

// Mean of the cross entropies of rows and of columns with the diagonal as target; log-sum-exps of
// the logits' rows and columns [size] are kept for the gradient.
void contrastive_loss(const PairLoss& work, float* loss, float* row_lse, float* column_lse);
void contrastive_loss_gradient(const PairLoss& work, const float* row_lse, const float* column_lse,
                               const float* dloss, float* dsimilarity, float* dlogit_scale);

// Sum over all pairs of log(1 + exp(-z logit)) / size, z = 1 on the diagonal and -1 elsewhere.
void sigmoid_loss(const PairLoss& work, float* loss);
void sigmoid_loss_gradient(const PairLoss& work, const float* dloss, float* dsimilarity,
                           float* dlogit_scale, float* dlogit_bias);

}  // namespace tandem::cpu
