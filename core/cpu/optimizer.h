// Passes over flat arenas of parameters and gradients on the CPU. An arena is made of blocks of
// `arena_block` elements; block b belongs to group blocks[2 b] and its first blocks[2 b + 1]
// elements hold values (the rest are gaps, never touched).
#pragma once

#include "core/cpu/threads.h"

#include <cstdint>

namespace tandem {

constexpr int64_t arena_block = 64;

// Doubles of scratch that the norm wants.
int64_t cpu_norm_scratch(int64_t count);

// *norm = square root of the sum of squares of the values in the blocks; infinite where f32 can't
// hold the sum, NaN where *loss is not finite.
void cpu_norm(Threads& threads, int64_t count, const float* arena, const int32_t* blocks,
              const float* loss, float* norm, double* scratch);

// Arenas of AdamW: parameters, gradients, and both moments, of the same layout.
struct AdamwArenas {
  float* p = nullptr;
  const float* g = nullptr;
  float* m = nullptr;
  float* v = nullptr;
};

// One step, as autograd/ops/optimizer.h describes it: groups [group_count, 4], hyper [8].
void cpu_adamw(Threads& threads, int64_t count, const AdamwArenas& arenas, const int32_t* blocks,
               const float* groups, int64_t group_count, const float* norm, const float* hyper);

}  // namespace tandem
