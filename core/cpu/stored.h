// Floating-point arrays of any type, which kernels work on as floats.
#pragma once

#include "core/cpu/cast.h"

#include <cstddef>
#include <cstring>

namespace tandem {

// An array of f32, bf16 or f16. A kernel with no such output ignores `dtype`.
struct Stored {
  std::byte* data = nullptr;
  DType dtype = DType::f32;

  std::byte* at(int64_t element) const {
    return data + element * static_cast<int64_t>(size_of(dtype));
  }

  // The array itself where it holds floats, else null.
  float* floats() const {
    return dtype == DType::f32 ? reinterpret_cast<float*>(data) : nullptr;
  }

  // to = elements [first, first + count).
  void load(int64_t first, int64_t count, float* to) const {
    if (dtype == DType::f32) {
      std::memcpy(to, at(first), static_cast<size_t>(count) * sizeof(float));
    } else {
      cpu_cast(dtype, at(first), DType::f32, to, 0, count);
    }
  }

  // Elements [first, first + count) = from, rounded.
  void store(const float* from, int64_t first, int64_t count) const {
    if (dtype == DType::f32) {
      std::memcpy(at(first), from, static_cast<size_t>(count) * sizeof(float));
    } else {
      cpu_cast(DType::f32, from, dtype, at(first), 0, count);
    }
  }

  // `count` elements from `first` on as floats: the array's own, or a copy in `buffer`.
  const float* view(int64_t first, int64_t count, float* buffer) const {
    if (dtype == DType::f32) return floats() + first;
    load(first, count, buffer);
    return buffer;
  }
};

}  // namespace tandem
