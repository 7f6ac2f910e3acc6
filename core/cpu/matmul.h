// Matrix products on the CPU: oneDNN's kernels, spread over Tandem's own threads.
#pragma once

#include "core/activation.h"
#include "core/cpu/bf16_product.h"
#include "core/cpu/stored.h"
#include "core/cpu/threads.h"

#include <cstddef>
#include <cstdint>
#include <vector>

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
  Stored pre = {};                  // [batch, m, n] or null: kept x + bias
  const float* residual = nullptr;  // [batch, m, n]
  float* column_sums = nullptr;     // [m]; of a transposed `a` [k, m] with batch 1, over k
};

// The element types of a and b, of y, and of pre: each f32, bf16 or f16.
struct MatmulTypes {
  DType in = DType::f32;
  DType y = DType::f32;
  DType pre = DType::f32;
};

// How a product is cut into tasks, from its shape alone: the same bits for any number of threads.
// Sums are in fp32 whatever the types. bf16 goes to the processor's own instructions where it has
// them; else, and for f16, a and b are turned into floats first.
class CpuMatmul {
 public:
  // Throws DeviceError if oneDNN fails.
  explicit CpuMatmul(const MatmulShape& shape, const MatmulTypes& types = {});

  // Bytes of scratch that run() wants.
  size_t scratch_bytes() const;

  // Computes y. Nothing else may overlap y, `pre` or scratch. Throws DeviceError if oneDNN fails.
  void run(Threads& threads, const std::byte* a, const std::byte* b, std::byte* y,
           const MatmulEpilogue& epilogue, std::byte* scratch) const;

 private:
  struct Tile;
  struct Work;
  // Rows of the product, `stride` apart; `at` is the element of y that they begin at, and
  // `column` its column.
  struct Block {
    int64_t rows, columns, stride, at, column;
  };

  bool native() const { return !products_.empty(); }
  bool widens() const { return types_.in != DType::f32 && !native(); }
  bool narrows() const { return types_.y != DType::f32 || types_.pre != DType::f32; }
  int64_t a_elements() const;
  int64_t b_elements() const;
  bool copies_b() const;
  int64_t copy_stride() const;
  int64_t tile_stride() const;
  void prepare_products();
  Tile tile(int64_t task) const;
  const std::byte* widen(Threads& threads, const std::byte* from, int64_t count, float* to) const;
  bool multiply(const Tile& tile, const Work& work, float* y) const;
  void finish(const Block& block, float* x, const Work& work, float* pre_row) const;
  void run_tile(const Tile& tile, Work& work) const;
  void reduce(Threads& threads, const Work& work) const;

  MatmulShape shape_;
  MatmulTypes types_;
  std::vector<Bf16Product> products_;    // one for each size of a tile; none: fp32
  int64_t tile_m_, tile_n_, tile_k_;     // a task's part of each axis
  int64_t tiles_m_, tiles_n_, parts_k_;  // how many there are
};

}  // namespace tandem
