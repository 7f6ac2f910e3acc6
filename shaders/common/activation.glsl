// Activations and their derivatives in fp32; `kind` is the value of Activation in
// core/activation.h. Formulas as in core/cpu/activation-inl.h. NaN stays NaN: ranges are limited
// by comparisons that NaN fails, never by min or max.

const uint activation_none = 0;
const uint activation_gelu = 1;
const uint activation_gelu_tanh = 2;
const uint activation_quick_gelu = 3;
const uint activation_relu = 4;
const uint activation_silu = 5;
const uint activation_sigmoid = 6;

const float tanh_factor = 1.595769122;  // 2 sqrt(2 / pi)
const float tanh_cubic = 0.044715;
const float quick_factor = 1.702;

// exp(x), 0 below -87.3; beyond 88.7 what is infinite for 1 + exp(x).
float bounded_exp(float x) {
  const float inside = x > 88.7 ? 88.7 : x;
  return x < -87.3 ? 0.0 : exp(inside);
}

float logistic(float x) { return 1.0 / (1.0 + bounded_exp(-x)); }

// Phi(x) and phi(x) of the normal distribution. GLSL has no erf: with a = |x| and
// t = 1 / (1 + 0.35 a), Phi(-a) = exp(-a^2 / 2) t Q(t) to 3e-7 of its value.
vec2 normal(float x) {
  const float t = 1.0 / (1.0 + 0.35 * abs(x));
  float q = -0.0289459072;
  q = q * t + 0.143088068;
  q = q * t - 0.254084799;
  q = q * t + 0.157547441;
  q = q * t - 0.0221562561;
  q = q * t + 0.105175193;
  q = q * t + 0.119899645;
  q = q * t + 0.139854914;
  q = q * t + 0.139621688;
  const float bell = bounded_exp(-0.5 * x * x);
  const float tail = bell * t * q;
  return vec2(x > 0.0 ? 1.0 - tail : tail, bell * 0.398942280);
}

float activate(uint kind, float x) {
  if (kind == activation_gelu) return x * normal(x).x;
  if (kind == activation_gelu_tanh) {
    return x * logistic(tanh_factor * x * (1.0 + tanh_cubic * x * x));
  }
  if (kind == activation_quick_gelu) return x * logistic(quick_factor * x);
  if (kind == activation_relu) return x < 0.0 ? 0.0 : x;
  if (kind == activation_silu) return x * logistic(x);
  if (kind == activation_sigmoid) return logistic(x);
  return x;
}

// The derivative of x logistic(g(x)): `argument` is g(x), `slope` is x g'(x).
float gated_derivative(float argument, float slope) {
  const float s = logistic(argument);
  return s + slope * s * (1.0 - s);
}

float derivative(uint kind, float x) {
  if (kind == activation_gelu) {
    const vec2 at = normal(x);
    return at.x + x * at.y;
  }
  if (kind == activation_gelu_tanh) {
    // Beyond 16 the derivative is 0 or 1 and the polynomial would overflow.
    float limited = x > 16.0 ? 16.0 : x;
    limited = limited < -16.0 ? -16.0 : limited;
    const float square = tanh_cubic * limited * limited;
    const float scaled = tanh_factor * limited;
    return gated_derivative(scaled * (1.0 + square), scaled * (1.0 + 3.0 * square));
  }
  if (kind == activation_quick_gelu) return gated_derivative(quick_factor * x, quick_factor * x);
  if (kind == activation_relu) return x > 0.0 ? 1.0 : (x <= 0.0 ? 0.0 : x);
  if (kind == activation_silu) return gated_derivative(x, x);
  if (kind == activation_sigmoid) {
    const float s = logistic(x);
    return s * (1.0 - s);
  }
  return 1.0;
}
