// LayerNorm and length normalisation of rows.
#pragma once

#include "core/cpu/stored.h"
#include "core/cpu/threads.h"

#include <cstddef>
#include <cstdint>

namespace tandem::cpu {

// y = gamma (x - mean) rstd + beta by row; x, y [rows, columns], gamma, beta [columns],
// mean, rstd [rows] where rstd = 1 / sqrt(variance + epsilon).
void layer_norm(Threads& threads, const float* x, const float* gamma, const float* beta,
                const Stored& y, float* mean, float* rstd, int64_t rows, int64_t columns,
                float epsilon);

// What layer_norm_gradient reads, and where it writes; shapes as above.
struct LayerNormGradient {
  const float* x;
  const float* gamma;
  const float* mean;
  const float* rstd;
  Stored dy;
  float* dx;
  float* dgamma;
  float* dbeta;
  float* scratch;  // layer_norm_gradient_scratch() floats
  int64_t rows;
  int64_t columns;
};

size_t layer_norm_gradient_scratch(int64_t rows, int64_t columns);
void layer_norm_gradient(Threads& threads, const LayerNormGradient& work);

// y = x / max(|x|, epsilon) by row; x, y [rows, columns].
void l2_normalize(Threads& threads, const float* x, float* y, int64_t rows, int64_t columns,
                  float epsilon);

// dx = (dy - y (y . dy)) / |x| by row, or dy / epsilon where |x| < epsilon.
void l2_normalize_gradient(Threads& threads, const float* x, const float* dy, float* dx,
                           int64_t rows, int64_t columns, float epsilon);

}  // namespace tandem::cpu
