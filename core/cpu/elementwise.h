// Elementwise arithmetic on the CPU. All work on ranges of the result, so that callers may cut
// it anywhere; operands and result may be the same memory where they are walked alike.
#pragma once

#include "core/broadcast.h"

#include <cstdint>

namespace tandem {

enum class BinaryKind { add, sub, mul, div };

// Elements [begin, end) of y = a op b, row-major over `loops`.
void cpu_binary(BinaryKind kind, const BroadcastLoops& loops, const float* a, const float* b,
                float* y, int64_t begin, int64_t end);

enum class UnaryKind { exp, log, sqrt, scale };

// y[i] = f(x[i]) for i < count; scale is x * factor, which the others do not read. As the
// standard library's functions: log of a negative number and NaN give NaN, exp overflows to
// infinity; at most 2 units in the last place off.
void cpu_unary(UnaryKind kind, const float* x, float factor, float* y, int64_t count);

}  // namespace tandem
