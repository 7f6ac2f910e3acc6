// A transposed copy of a matrix.
#pragma once

#include "core/cpu/threads.h"

namespace tandem {

constexpr int64_t cache_line = 16;  // floats

// to [columns, rows] = from' with from [rows, columns]; rows of `to` are `stride` apart.
void transpose_copy(Threads& threads, const float* from, int64_t rows, int64_t columns, float* to,
                    int64_t stride);

}  // namespace tandem
