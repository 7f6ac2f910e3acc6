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

// What an update is given besides its arenas, as autograd/ops/optimizer.h describes it.
struct UpdateInputs {
  int64_t count = 0;  // of the arenas' elements
  const int32_t* blocks = nullptr;
  const float* groups = nullptr;  // [group_count, 4]
  int64_t group_count = 0;
  const float* norm = nullptr;
  const float* hyper = nullptr;  // [8]
};

// Arenas of AdamW: parameters, gradients, and both moments, of the same layout.
struct AdamwArenas {
  float* p = nullptr;
  const float* g = nullptr;
  float* m = nullptr;
  float* v = nullptr;
};

// One step.
void cpu_adamw(Threads& threads, const AdamwArenas& arenas, const UpdateInputs& inputs);

// Likewise of SGD: parameters, gradients, momentum.
struct SgdArenas {
  float* p = nullptr;
  const float* g = nullptr;
  float* b = nullptr;
};

void cpu_sgd(Threads& threads, const SgdArenas& arenas, const UpdateInputs& inputs);

}  // namespace tandem
