// log(1 + e^x) and sigmoid(x) in fp32, with small relative error for any x; NaN stays NaN.

// log(1 + t) for 0 <= t <= 1 as 2 artanh(t / (2 + t)); log() of a number near one is only good to
// 2^-21.
float log_one_plus(float t) {
  const float s = t / (2 + t);
  const float square = s * s;
  float sum = 1.0 / 17;
  sum = fma(sum, square, 1.0 / 15);
  sum = fma(sum, square, 1.0 / 13);
  sum = fma(sum, square, 1.0 / 11);
  sum = fma(sum, square, 1.0 / 9);
  sum = fma(sum, square, 1.0 / 7);
  sum = fma(sum, square, 1.0 / 5);
  sum = fma(sum, square, 1.0 / 3);
  sum = fma(sum, square, 1.0);
  return 2 * s * sum;
}

float softplus(float x) { return (x < 0 ? 0.0 : x) + log_one_plus(exp(-abs(x))); }

float sigmoid(float x) {
  const float t = exp(-abs(x));
  return (x < 0 ? t : 1.0) / (1 + t);
}
