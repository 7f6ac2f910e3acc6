// The gradient of a table of rows on the CPU.
#pragma once

#include "core/cpu/threads.h"

#include <cstdint>

namespace tandem {

// Positions summed by one task; longer runs of one id are summed in parts.
constexpr int64_t embedding_chunk = 64;

// Floats of scratch that the gradient wants: two rows a chunk.
constexpr int64_t embedding_gradient_scratch(int64_t positions, int64_t columns) {
  return 2 * ((positions + embedding_chunk - 1) / embedding_chunk) * columns;
}

// d_table [vocabulary, columns] = for every id the sum of dy [positions, columns] where
// ids [positions] is that id, in the order of `order` [positions] (positions sorted by id). Ids
// and positions are clamped to their range.
void cpu_embedding_gradient(Threads& threads, int64_t vocabulary, int64_t positions,
                            int64_t columns, const int32_t* ids, const int32_t* order,
                            const float* dy, float* d_table, float* scratch);

}  // namespace tandem
