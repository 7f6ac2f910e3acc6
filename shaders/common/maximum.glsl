// The larger of two numbers; NaN if either is, told by its bits since comparisons may be
// optimised as if there were none.
bool is_nan(float value) { return (floatBitsToUint(value) & 0x7fffffffu) > 0x7f800000u; }

float maximum(float a, float b) {
  if (is_nan(a)) return a;
  return is_nan(b) || b > a ? b : a;
}
