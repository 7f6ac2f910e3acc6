// The vector parts of core/cpu/losses.cpp, compiled once a Highway target.
#if defined(TANDEM_CORE_CPU_LOSSES_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TANDEM_CORE_CPU_LOSSES_ROWS_INL_H_
#undef TANDEM_CORE_CPU_LOSSES_ROWS_INL_H_
#else
#define TANDEM_CORE_CPU_LOSSES_ROWS_INL_H_
#endif

#include "core/cpu/losses.h"
#include "core/cpu/row_math-inl.h"

#include <algorithm>
#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace tandem {
namespace HWY_NAMESPACE {

// log sum exp(scale x) over a row; scale > 0.
float scaled_log_sum_exp(const float* x, int64_t columns, float scale) {
  const Floats d;
  const float largest = scale * max_row(d, x, columns);
  const auto most = hn::Set(d, largest);
  const auto factor = hn::Set(d, scale);
  const float sum = sum_row(d, columns, [&](int64_t i, int64_t count) HWY_ATTR {
    const auto power = exponential(d, hn::MulSub(factor, load_some(d, x + i, count), most));
    return keep_some(d, power, count);
  });
  return largest + std::log(sum);
}

float plain_sum(const float* x, int64_t columns) {
  const Floats d;
  return sum_row(d, columns,
                 [&](int64_t i, int64_t count) HWY_ATTR { return load_some(d, x + i, count); });
}

// Log-sum-exps over rows of scale x for the columns [begin, end), at most 64; x [size, size].
void column_log_sum_exp(const float* x, int64_t size, float scale, int64_t begin, int64_t end,
                        float* result) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, scale);
  for (int64_t c = begin; c < end; c += lanes) {
    const int64_t count = end - c;
    auto most = load_some(d, x + c, count);
    for (int64_t row = 1; row < size; ++row) {
      most = hn::Max(most, load_some(d, x + row * size + c, count));
    }
    most = hn::Mul(most, factor);
    // Short sums inside a long one keep rounding small.
    auto sum = hn::Zero(d);
    for (int64_t row = 0; row < size;) {
      auto part = hn::Zero(d);
      for (const int64_t stop = std::min(size, row + 64); row < stop; ++row) {
        const auto v = load_some(d, x + row * size + c, count);
        part = hn::Add(part, exponential(d, hn::MulSub(factor, v, most)));
      }
      sum = hn::Add(sum, part);
    }
    HWY_ALIGN float largest[HWY_MAX_BYTES / sizeof(float)];
    HWY_ALIGN float sums[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(most, d, largest);
    hn::Store(sum, d, sums);
    for (int64_t i = 0; i < std::min(count, lanes); ++i) {
      result[c + i] = largest[i] + std::log(sums[i]);
    }
  }
}

// dlogits = factor (exp(x - lse) - smooth) + (target's part, added by the caller).
void cross_entropy_gradient_row(const float* x, int64_t columns, float lse, float factor,
                                float smooth, float* dx) {
  const Floats d;
  const auto shift = hn::Set(d, lse);
  for (int64_t i = 0; i < columns; i += static_cast<int64_t>(hn::Lanes(d))) {
    const auto power = exponential(d, hn::Sub(load_some(d, x + i, columns - i), shift));
    const auto g = hn::Mul(hn::Set(d, factor), hn::Sub(power, hn::Set(d, smooth)));
    store_some(d, g, dx + i, columns - i);
  }
}

// One row of the contrastive loss's gradient: dx = outer (softmax_row + softmax_column - smooth),
// outer = dloss scale / (2 size); the target's part is the caller's.
// Returns the sum of (softmax_row + softmax_column - smooth) x.
float contrastive_gradient_row(const float* x, int64_t size, float scale, float row_lse,
                               const float* column_lse, float outer, float smooth, float* dx) {
  const Floats d;
  const auto factor = hn::Set(d, scale);
  const auto shift = hn::Set(d, row_lse);
  return sum_row(d, size, [&](int64_t i, int64_t count) HWY_ATTR {
    const auto v = load_some(d, x + i, count);
    const auto logit = hn::Mul(factor, v);
    const auto by_row = exponential(d, hn::Sub(logit, shift));
    const auto by_column = exponential(d, hn::Sub(logit, load_some(d, column_lse + i, count)));
    const auto g = hn::Sub(hn::Add(by_row, by_column), hn::Set(d, smooth));
    store_some(d, hn::Mul(g, hn::Set(d, outer)), dx + i, count);
    return hn::Mul(g, v);  // v is zero in lanes that do not count
  });
}

// Sum over a row of log(1 + exp(logit)), as if every pair were a negative.
float softplus_row(const float* x, int64_t size, float scale, float bias) {
  const Floats d;
  return sum_row(d, size, [&](int64_t i, int64_t count) HWY_ATTR {
    const auto logit = hn::MulAdd(hn::Set(d, scale), load_some(d, x + i, count), hn::Set(d, bias));
    const auto t = exponential(d, hn::Neg(hn::Abs(logit)));
    // Max gives its second operand where that is NaN.
    const auto value = hn::Add(hn::Max(hn::Zero(d), logit), log_one_plus(d, t));
    return keep_some(d, value, count);
  });
}

// dx = outer sigmoid(logit) over a row, as if every pair were a negative. Returns the sum of
// sigmoid(logit) x, and the sum of sigmoid(logit) in *total.
float sigmoid_gradient_row(const float* x, int64_t size, float scale, float bias, float outer,
                           float* dx, float* total) {
  const Floats d;
  const auto one = hn::Set(d, 1.0f);
  auto sum = hn::Zero(d);
  const float weighted = sum_row(d, size, [&](int64_t i, int64_t count) HWY_ATTR {
    const auto v = load_some(d, x + i, count);
    const auto logit = hn::MulAdd(hn::Set(d, scale), v, hn::Set(d, bias));
    const auto t = exponential(d, hn::Neg(hn::Abs(logit)));
    const auto top = hn::IfThenElse(hn::Lt(logit, hn::Zero(d)), t, one);
    const auto sigmoid = hn::Div(top, hn::Add(one, t));
    store_some(d, hn::Mul(sigmoid, hn::Set(d, outer)), dx + i, count);
    sum = hn::Add(sum, keep_some(d, sigmoid, count));
    return hn::Mul(sigmoid, v);
  });
  *total = sum_lanes(d, sum);
  return weighted;
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem
HWY_AFTER_NAMESPACE();

#endif
