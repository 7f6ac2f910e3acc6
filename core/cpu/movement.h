// Moving 32-bit elements about on the CPU.
#pragma once

#include "core/cpu/threads.h"
#include "core/permute.h"

#include <cstdint>

namespace tandem {

// Copies `blocks` runs of `length` elements; run i starts at i * stride on either side.
void cpu_copy_blocks(Threads& threads, int64_t blocks, int64_t length, const uint32_t* from,
                     int64_t from_stride, uint32_t* to, int64_t to_stride);

// to [blocks, to_length]: zero, but from [blocks, length] at [first, first + length).
void cpu_pad_blocks(Threads& threads, int64_t blocks, int64_t length, const uint32_t* from,
                    int64_t first, int64_t to_length, uint32_t* to);

// to, in row-major order of `loops`, from the strided source.
void cpu_permute(Threads& threads, const PermuteLoops& loops, const uint32_t* from, uint32_t* to);

// to[k] = from[stride * k + clamp(index[k], 0, rows - 1)], each a row of `columns` elements; the
// stride counts rows. Every sample's own rows with stride = rows, one table for all with 0.
void cpu_gather_rows(Threads& threads, int64_t count, int64_t rows, int64_t stride, int64_t columns,
                     const uint32_t* from, const int32_t* index, uint32_t* to);

// to [count, rows, columns]: zero, but row clamp(index[k], 0, rows - 1) of sample k is from[k].
void cpu_scatter_rows(Threads& threads, int64_t count, int64_t rows, int64_t columns,
                      const uint32_t* from, const int32_t* index, uint32_t* to);

}  // namespace tandem
