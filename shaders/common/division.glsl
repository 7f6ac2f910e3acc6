// Division by a divisor that the host has turned into two words (divisor_words in
// autograd/ops/dispatch.h): a vector of integer divisions is slow on GPUs and slower on software
// drivers. Exact for n < 2^31.
uint quotient(uint n, uint multiplier, uint shift) {
  uint high;
  uint low;
  umulExtended(n, multiplier, high, low);
  return multiplier == 0 ? n : high >> shift;
}
