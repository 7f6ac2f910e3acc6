// Softmax over rows.
#pragma once

#include "core/cpu/threads.h"

#include <cstdint>

namespace tandem::cpu {

// y = softmax(x) by row; x, y [rows, columns]; y may be x.
void softmax(Threads& threads, const float* x, float* y, int64_t rows, int64_t columns);

// dx = y (dy - sum(y dy)) by row; all [rows, columns]; dx may be dy.
void softmax_gradient(Threads& threads, const float* y, const float* dy, float* dx, int64_t rows,
                      int64_t columns);

// result[r] = log sum over c of exp(x[r, c]); x [rows, columns], result [rows].
void row_log_sum_exp(Threads& threads, const float* x, float* result, int64_t rows,
                     int64_t columns);

}  // namespace tandem::cpu
