// Dropout on the CPU.
#pragma once

#include <array>
#include <cstdint>

namespace tandem {

// Where a mask's random numbers come from: words 1 to 3 of the Philox counter, and the key. Word 0
// counts groups of four numbers; element 0 takes number `first`.
struct DropoutStream {
  std::array<uint32_t, 3> counter{};
  std::array<uint32_t, 2> key{};
  uint64_t first = 0;
};

// y[i] = x[i] * factor, or 0 where random number first + i is below `threshold`, for i in
// [begin, end).
void cpu_dropout(const DropoutStream& stream, uint32_t threshold, float factor, const float* x,
                 float* y, int64_t begin, int64_t end);

}  // namespace tandem
