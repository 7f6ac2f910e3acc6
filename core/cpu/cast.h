// Conversions of element types on the CPU.
#pragma once

#include "core/dtype.h"

#include <cstdint>

namespace tandem {

// Whether cpu_cast converts so: f32 to and from bf16 and f16, and i32 to f32.
constexpr bool can_cast(DType from, DType to) {
  if (to == DType::f32) return from != DType::f32;
  return from == DType::f32 && to != DType::i32;
}

// Elements [begin, end), rounded as core/dtype.h does. REQUIRES: can_cast(from, to).
void cpu_cast(DType from_type, const void* from, DType to_type, void* to, int64_t begin,
              int64_t end);

}  // namespace tandem
