// Reductions over the middle axis of [outer, length, inner] on the CPU.
#pragma once

#include "core/cpu/threads.h"

#include <cstdint>

namespace tandem {

struct ReduceSize {
  int64_t outer = 1;
  int64_t length = 1;
  int64_t inner = 1;
};

// Floats of scratch that cpu_sum wants.
int64_t cpu_sum_scratch(const ReduceSize& size);

// y[o, i] = factor * sum over l of x[o, l, i]. The order of additions depends on the size alone.
void cpu_sum(Threads& threads, const ReduceSize& size, const float* x, float factor, float* y,
             float* scratch);

// y[o, i] = max over l of x[o, l, i]; NaN if there is one.
void cpu_max(Threads& threads, const ReduceSize& size, const float* x, float* y);

// dx[o, l, i] = dy[o, i] at the first l where x[o, l, i] is y[o, i], else 0.
void cpu_max_gradient(Threads& threads, const ReduceSize& size, const float* x, const float* y,
                      const float* dy, float* dx);

// y[o, l, i] = factor * x[o, i].
void cpu_expand(Threads& threads, const ReduceSize& size, const float* x, float factor, float* y);

}  // namespace tandem
