// Element types and the conversions between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tandem {

enum class DType : uint8_t { f32, bf16, f16, i32 };

// Bytes of one element.
size_t size_of(DType dtype);

// "f32", "bf16", "f16" or "i32".
std::string_view name_of(DType dtype);

// Round to nearest even; NaN stays NaN, infinities stay infinite.
uint16_t bf16_from_float(float value);
float float_from_bf16(uint16_t bits);

// IEEE 754 binary16, round to nearest even, subnormals kept.
uint16_t f16_from_float(float value);
float float_from_f16(uint16_t bits);

}  // namespace tandem
