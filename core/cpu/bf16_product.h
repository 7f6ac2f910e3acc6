// A matrix product of bf16 values by oneDNN, of fixed sizes, on the calling thread alone.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include <cstdint>

namespace tandem {

// Whether the processor multiplies bf16 itself (AVX-512 BF16 or AMX), and faster than fp32.
bool multiplies_bf16();

// oneDNN's OpenMP team is a setting of the calling thread: one thread each, since Tandem spreads
// the work already. Builds of oneDNN without OpenMP lack the function and need nothing.
void one_thread_for_onednn();

class Bf16Product {
 public:
  // y [m, n] f32 = op(a) op(b); rows of a, b and y as they lie in memory are stride_* apart.
  struct Sizes {
    int64_t m, n, k;
    bool transpose_a, transpose_b;
    int64_t stride_a, stride_b, stride_y;
  };

  // Throws DeviceError if oneDNN has no such product.
  explicit Bf16Product(const Sizes& sizes);

  const Sizes& sizes() const { return sizes_; }

  // False if oneDNN fails, which it does for want of memory only.
  bool run(const uint16_t* a, const uint16_t* b, float* y) const;

 private:
  // oneDNN 3.7 writes a lone column's rows side by side, whatever the stride.
  bool lone_column() const { return sizes_.n == 1 && sizes_.stride_y != 1; }

  Sizes sizes_;
  dnnl::memory::desc a_, b_, y_, scratch_;
  dnnl::matmul matmul_;
};

}  // namespace tandem
