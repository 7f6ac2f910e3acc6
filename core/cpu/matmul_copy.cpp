#include "core/cpu/matmul_copy.h"

#include <algorithm>

namespace tandem {

namespace {

// to[r, c] = from[c, r] for r < rows, c < columns.
void transpose_block(const float* from, int64_t from_stride, float* to, int64_t to_stride,
                     int64_t columns, int64_t rows) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      to[row * to_stride + column] = from[column * from_stride + row];
    }
  }
}

}  // namespace

void transpose_copy(Threads& threads, const float* from, int64_t rows, int64_t columns, float* to,
                    int64_t stride) {
  constexpr int64_t block = cache_line;
  threads.ranges(rows, 4 * block, [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row += block) {
      const int64_t width = std::min(block, end - row);
      for (int64_t column = 0; column < columns; column += block) {
        transpose_block(from + row * columns + column, columns, to + column * stride + row, stride,
                        width, std::min(block, columns - column));
      }
    }
  });
}

}  // namespace tandem
