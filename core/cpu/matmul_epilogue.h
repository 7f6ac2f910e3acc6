// The parts of a matrix product that oneDNN does not do, on tiles of row-major matrices.
#pragma once

#include "core/activation.h"

#include <cstdint>

namespace tandem {

// A tile: `rows` x `columns` floats, its rows `stride` floats apart in y, pre and residual alike.
struct EpilogueTile {
  int64_t rows;
  int64_t columns;
  int64_t stride;
  float* y;
  const float* bias;      // [columns] or null
  float* pre;             // or null
  const float* residual;  // or null
};

// x = y + bias; pre = x; y = activation(x) + residual.
void finish_tile(Activation activation, const EpilogueTile& tile);

// sums[c] = sum of x[r * stride + c] over `rows` rows.
void sum_rows(const float* x, int64_t rows, int64_t columns, int64_t stride, float* sums);
void sum_rows_bf16(const uint16_t* x, int64_t rows, int64_t columns, int64_t stride, float* sums);

}  // namespace tandem
