// Matrix products on the CPU: oneDNN's kernels, spread over Tandem's own threads.
#pragma once

#include "core/activation.h"
#include "core/cpu/threads.h"

#include <cstddef>
#include <cstdint>

namespace tandem {

// y[i] = op(a[i]) op(b[i]) for each i of a batch, all dense and row-major: a is [m, k] ([k, m] if
// transposed), b is [k, n] ([n, k]), y is [m, n].
struct MatmulShape {
  int64_t batch = 1;
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  bool transpose_a = false;
  bool transpose_b = false;

  double flops() const;
};

// What is done to the product x while it is in cache: y = activation(x + bias) + residual.
struct MatmulEpilogue {
  const float* bias = nullptr;  // [n]
  Activation activation = Activation::none;
  float* pre = nullptr;             // [batch, m, n]; kept x + bias
  const float* residual = nullptr;  // [batch, m, n]
  float* column_sums = nullptr;     // [m]; of a transposed `a` [k, m] with batch 1, over k
};

// How a product is cut into tasks, from its shape alone: the same bits for any number of threads.
class CpuMatmul {
 public:
  explicit CpuMatmul(const MatmulShape& shape);

  // Bytes of scratch that run() wants.
  size_t scratch_bytes() const;

  // Computes y. Nothing else may overlap y, `pre` or scratch. Throws DeviceError if oneDNN fails.
  void run(Threads& threads, const float* a, const float* b, float* y,
           const MatmulEpilogue& epilogue, std::byte* scratch) const;

 private:
  struct Tile;
  Tile tile(int64_t task) const;
  bool copies_b() const;
  int64_t copy_stride() const;
  void copy_b(Threads& threads, const float* b, float* to) const;
  bool multiply(const Tile& tile, const float* a, const float* b, float* y) const;
  void reduce(Threads& threads, const float* partials, float* y,
              const MatmulEpilogue& epilogue) const;

  MatmulShape shape_;
  int64_t tile_m_, tile_n_, tile_k_;     // a task's part of each axis
  int64_t tiles_m_, tiles_n_, parts_k_;  // how many there are
};

}  // namespace tandem
