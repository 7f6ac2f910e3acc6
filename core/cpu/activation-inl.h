// Activations on Highway vectors, for kernels that are compiled once per target. Include after
// hwy/foreach_target.h and hwy/highway.h.
//
// NaN stays NaN: ranges are limited by comparisons that NaN fails, never by min or max.
#include "core/activation.h"

#if defined(TANDEM_CPU_ACTIVATION_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TANDEM_CPU_ACTIVATION_INL_H
#undef TANDEM_CPU_ACTIVATION_INL_H
#else
#define TANDEM_CPU_ACTIVATION_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tandem {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// c[0] + c[1] x + ... by Horner's rule.
template <class D, class V, size_t count>
HWY_INLINE V polynomial(D d, V x, const float (&c)[count]) {
  V sum = hn::Set(d, c[count - 1]);
  for (size_t i = count - 1; i-- > 0;) sum = hn::MulAdd(sum, x, hn::Set(d, c[i]));
  return sum;
}

// e^x to about 1e-7 of its value; 0 below -87.3, infinity above 88.7.
template <class D, class V>
HWY_INLINE V exponential(D d, V x) {
  // e^r = 1 + r + r^2 q(r) on |r| <= ln(2) / 2; q is a Chebyshev fit, 1e-8 off.
  static constexpr float q[] = {0.5000000014f, 0.1666657604f, 0.04166646281f, 0.0083633356f,
                                0.001393388348f};
  const V n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693145752f), x);  // ln(2) in two parts
  r = hn::NegMulAdd(n, hn::Set(d, 1.42860677e-6f), r);
  const V power = hn::MulAdd(hn::Mul(r, r), polynomial(d, r, q), hn::Add(r, hn::Set(d, 1.0f)));
  const hn::RebindToSigned<D> di;
  // Two halves, since 2^128 is no float but e^88.7 is.
  const auto whole = hn::ConvertTo(di, n);
  const auto half = hn::ShiftRight<1>(whole);
  const auto scale = [&](auto e) {
    return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(e, hn::Set(di, 127))));
  };
  V result = hn::Mul(hn::Mul(power, scale(half)), scale(hn::Sub(whole, half)));
  result = hn::IfThenElse(hn::Lt(x, hn::Set(d, -87.3f)), hn::Zero(d), result);
  const V infinity = hn::Set(d, __builtin_inff());
  return hn::IfThenElse(hn::Gt(x, hn::Set(d, 88.7f)), infinity, result);
}

template <class D, class V>
HWY_INLINE V logistic(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, exponential(d, hn::Neg(x))));
}

// The normal distribution: Phi(x) and the density phi(x) = exp(-x^2 / 2) / sqrt(2 pi).
template <class V>
struct Normal {
  V distribution;
  V density;
};

// Phi(-a) = exp(-a^2 / 2) t Q(t) with t = 1 / (1 + 0.35 a) for a >= 0: what is left of Phi when the
// exponential is taken out (half of erfcx(a / sqrt 2)) is smooth, so one polynomial, a Chebyshev
// fit 4e-8 off, keeps the relative error at 3e-7 far into the tail.
template <class D, class V>
HWY_INLINE Normal<V> normal(D d, V x) {
  static constexpr float q[] = {0.139621688f,  0.139854914f,   0.119899645f,
                                0.105175193f,  -0.0221562561f, 0.157547441f,
                                -0.254084799f, 0.143088068f,   -0.0289459072f};
  const V one = hn::Set(d, 1.0f);
  const V t = hn::Div(one, hn::MulAdd(hn::Abs(x), hn::Set(d, 0.35f), one));
  const V bell = exponential(d, hn::Mul(hn::Mul(x, x), hn::Set(d, -0.5f)));
  const V tail = hn::Mul(bell, hn::Mul(t, polynomial(d, t, q)));
  const V distribution = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Sub(one, tail), tail);
  return {distribution, hn::Mul(bell, hn::Set(d, 0.398942280f))};
}

constexpr float tanh_inner = 0.797884561f;  // sqrt(2 / pi)
constexpr float tanh_cubic = 0.044715f;
constexpr float quick_factor = 1.702f;

// The activation of x; x itself for `none`.
template <Activation kind, class D, class V>
HWY_INLINE V activate(D d, V x) {
  if constexpr (kind == Activation::gelu) {
    return hn::Mul(x, normal(d, x).distribution);
  } else if constexpr (kind == Activation::gelu_tanh) {
    // (1 + tanh(u)) / 2 = logistic(2 u)
    const V cubic = hn::MulAdd(hn::Mul(x, x), hn::Set(d, tanh_cubic), hn::Set(d, 1.0f));
    return hn::Mul(x, logistic(d, hn::Mul(hn::Mul(x, hn::Set(d, 2 * tanh_inner)), cubic)));
  } else if constexpr (kind == Activation::quick_gelu) {
    return hn::Mul(x, logistic(d, hn::Mul(x, hn::Set(d, quick_factor))));
  } else if constexpr (kind == Activation::relu) {
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
  } else if constexpr (kind == Activation::silu) {
    return hn::Mul(x, logistic(d, x));
  } else if constexpr (kind == Activation::sigmoid) {
    return logistic(d, x);
  } else {
    return x;
  }
}

// The activation's derivative at x.
template <Activation kind, class D, class V>
HWY_INLINE V derivative(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  if constexpr (kind == Activation::gelu) {
    const Normal<V> at = normal(d, x);
    return hn::MulAdd(x, at.density, at.distribution);
  } else if constexpr (kind == Activation::gelu_tanh) {
    // Beyond 16 the derivative is 0 or 1 and the polynomial would overflow.
    const V limit = hn::Set(d, 16.0f);
    x = hn::IfThenElse(hn::Gt(x, limit), limit, x);
    x = hn::IfThenElse(hn::Lt(x, hn::Neg(limit)), hn::Neg(limit), x);
    const V square = hn::Mul(hn::Mul(x, x), hn::Set(d, tanh_cubic));
    const V scaled = hn::Mul(x, hn::Set(d, 2 * tanh_inner));
    const V s = logistic(d, hn::Mul(scaled, hn::Add(square, one)));
    const V slope = hn::Mul(scaled, hn::MulAdd(square, hn::Set(d, 3.0f), one));
    return hn::MulAdd(hn::Mul(slope, hn::Sub(one, s)), s, s);
  } else if constexpr (kind == Activation::quick_gelu) {
    const V scaled = hn::Mul(x, hn::Set(d, quick_factor));
    const V s = logistic(d, scaled);
    return hn::MulAdd(hn::Mul(scaled, hn::Sub(one, s)), s, s);
  } else if constexpr (kind == Activation::relu) {
    const V below = hn::IfThenElse(hn::Le(x, hn::Zero(d)), hn::Zero(d), x);  // x: NaN
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), one, below);
  } else if constexpr (kind == Activation::silu) {
    const V s = logistic(d, x);
    return hn::MulAdd(hn::Mul(x, hn::Sub(one, s)), s, s);
  } else if constexpr (kind == Activation::sigmoid) {
    const V s = logistic(d, x);
    return hn::Mul(s, hn::Sub(one, s));
  } else {
    return one;
  }
}

// Calls body.template operator()<kind>() for a kind known at run time.
template <class Body>
HWY_INLINE void with_activation(Activation kind, Body&& body) {
  switch (kind) {
    case Activation::none:
      return body.template operator()<Activation::none>();
    case Activation::gelu:
      return body.template operator()<Activation::gelu>();
    case Activation::gelu_tanh:
      return body.template operator()<Activation::gelu_tanh>();
    case Activation::quick_gelu:
      return body.template operator()<Activation::quick_gelu>();
    case Activation::relu:
      return body.template operator()<Activation::relu>();
    case Activation::silu:
      return body.template operator()<Activation::silu>();
    case Activation::sigmoid:
      return body.template operator()<Activation::sigmoid>();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem
HWY_AFTER_NAMESPACE();

#endif
