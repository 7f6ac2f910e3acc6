// Conversions between floats and the bits of bf16 and f16 (IEEE binary16), rounded to nearest even
// as core/dtype.h does, in integers: what packHalf2x16 does with halves between two numbers, and
// with the smallest ones, is up to the driver.

uint bf16_from_float(float value) {
  const uint bits = floatBitsToUint(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (bits >> 16) | 0x40u;
  return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

float float_from_bf16(uint bits) { return uintBitsToFloat(bits << 16); }

uint f16_from_float(float value) {
  const uint bits = floatBitsToUint(value);
  const uint sign_ = (bits >> 16) & 0x8000u;
  const uint magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign_ | 0x7e00u;       // NaN
  if (magnitude >= 0x477ff000u) return sign_ | 0x7c00u;      // rounds beyond 65504, or infinite
  if (magnitude >= 0x38800000u) {                            // normal halves
    const uint rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
    return sign_ | ((rounded - 0x38000000u) >> 13);
  }
  if (magnitude < 0x33000000u) return sign_;                 // below half of the smallest
  const uint shift = 126u - (magnitude >> 23);               // 14 to 24
  const uint mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  const uint kept = mantissa >> shift;
  const uint rest = mantissa & ((1u << shift) - 1u);
  const uint middle = 1u << (shift - 1u);
  const bool up = rest > middle || (rest == middle && (kept & 1u) == 1u);
  return sign_ | (kept + (up ? 1u : 0u));
}

// Without branches: it is unrolled many times.
float float_from_f16(uint bits) {
  const uint sign_ = (bits & 0x8000u) << 16;
  const uint exponent = bits & 0x7c00u;
  const uint shifted = (bits & 0x7fffu) << 13;
  // A subnormal half is a normal float: what it adds to 2^-14.
  const uint subnormal = floatBitsToUint(uintBitsToFloat(shifted + 0x38800000u) - 6.103515625e-5);
  const uint others = shifted + (exponent == 0x7c00u ? 0x70000000u : 0x38000000u);
  return uintBitsToFloat(sign_ | (exponent == 0u ? subnormal : others));
}
