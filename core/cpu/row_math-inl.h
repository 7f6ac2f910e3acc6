// Vector helpers shared by the kernels that work on rows: exponentials, and reductions of rows.
// Included once a Highway target, inside the including file's HWY_BEFORE_NAMESPACE region.
// NaN always reaches the result, so that a divergence is seen.
#if defined(TANDEM_CORE_CPU_ROW_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TANDEM_CORE_CPU_ROW_MATH_INL_H_
#undef TANDEM_CORE_CPU_ROW_MATH_INL_H_
#else
#define TANDEM_CORE_CPU_ROW_MATH_INL_H_
#endif

#include "hwy/highway.h"

#include <cstdint>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace tandem {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using FloatVector = hn::Vec<Floats>;

// e^x for x <= 88; zero below -87.3, where the result would be subnormal. About 1 ulp:
// e^x = 2^n e^r with n = round(x / ln 2), and e^r by its Taylor series on |r| <= ln 2 / 2.
HWY_INLINE FloatVector exponential(Floats d, FloatVector x) {
  const hn::RebindToSigned<Floats> di;
  const auto lowest = hn::Set(d, -87.3f);
  // Max and Min give their second operand where either is NaN.
  const auto bounded = hn::Min(hn::Set(d, 88.7f), hn::Max(lowest, x));
  const auto n = hn::Round(hn::Mul(bounded, hn::Set(d, 1.44269504f)));
  // ln 2 in two parts, the first with few bits so that n times it is exact.
  auto r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), bounded);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  auto sum = hn::Set(d, 1.0f / 5040);
  sum = hn::MulAdd(sum, r, hn::Set(d, 1.0f / 720));
  sum = hn::MulAdd(sum, r, hn::Set(d, 1.0f / 120));
  sum = hn::MulAdd(sum, r, hn::Set(d, 1.0f / 24));
  sum = hn::MulAdd(sum, r, hn::Set(d, 1.0f / 6));
  sum = hn::MulAdd(sum, r, hn::Set(d, 0.5f));
  sum = hn::MulAdd(sum, r, hn::Set(d, 1.0f));
  sum = hn::MulAdd(sum, r, hn::Set(d, 1.0f));
  const auto bits = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  const auto result = hn::Mul(sum, hn::BitCast(d, bits));
  return hn::IfThenZeroElse(hn::Lt(x, lowest), result);
}

// log(1 + t) for 0 <= t <= 1, with small relative error for small t too: 2 artanh(t / (2 + t)).
HWY_INLINE FloatVector log_one_plus(Floats d, FloatVector t) {
  const auto s = hn::Div(t, hn::Add(t, hn::Set(d, 2.0f)));
  const auto square = hn::Mul(s, s);
  auto sum = hn::Set(d, 1.0f / 17);
  sum = hn::MulAdd(sum, square, hn::Set(d, 1.0f / 15));
  sum = hn::MulAdd(sum, square, hn::Set(d, 1.0f / 13));
  sum = hn::MulAdd(sum, square, hn::Set(d, 1.0f / 11));
  sum = hn::MulAdd(sum, square, hn::Set(d, 1.0f / 9));
  sum = hn::MulAdd(sum, square, hn::Set(d, 1.0f / 7));
  sum = hn::MulAdd(sum, square, hn::Set(d, 1.0f / 5));
  sum = hn::MulAdd(sum, square, hn::Set(d, 1.0f / 3));
  sum = hn::MulAdd(sum, square, hn::Set(d, 1.0f));
  return hn::Mul(hn::Add(s, s), sum);
}

// Loads `count` lanes (or all, if there are that many); the others are zero. Memory beyond is not
// touched: only AVX2 and later can mask loads and stores, Highway's stand-ins elsewhere can't.
HWY_INLINE FloatVector load_some(Floats d, const float* from, int64_t count) {
  if (count >= static_cast<int64_t>(hn::Lanes(d))) return hn::LoadU(d, from);
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, from);
#else
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  for (int64_t i = 0; i < count; ++i) lanes[i] = from[i];
  return hn::Load(d, lanes);
#endif
}

HWY_INLINE void store_some(Floats d, FloatVector value, float* to, int64_t count) {
  if (count >= static_cast<int64_t>(hn::Lanes(d))) {
    hn::StoreU(value, d, to);
    return;
  }
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  hn::BlendedStore(value, hn::FirstN(d, static_cast<size_t>(count)), d, to);
#else
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(value, d, lanes);
  for (int64_t i = 0; i < count; ++i) to[i] = lanes[i];
#endif
}

HWY_INLINE float sum_lanes(Floats d, FloatVector v) { return hn::GetLane(hn::SumOfLanes(d, v)); }

// Sum over i in [0, count) of term(i, lanes), a vector for the elements from i on, of which
// `lanes` count; it must be zero in other lanes. Four accumulators keep rounding small.
template <class Term>
HWY_INLINE float sum_row(Floats d, int64_t count, Term&& term) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto a = hn::Zero(d), b = hn::Zero(d), c = hn::Zero(d), e = hn::Zero(d);
  int64_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    a = hn::Add(a, term(i, lanes));
    b = hn::Add(b, term(i + lanes, lanes));
    c = hn::Add(c, term(i + 2 * lanes, lanes));
    e = hn::Add(e, term(i + 3 * lanes, lanes));
  }
  for (; i < count; i += lanes) a = hn::Add(a, term(i, count - i < lanes ? count - i : lanes));
  return sum_lanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e)));
}

// The largest of x[0, count); count > 0.
HWY_INLINE float max_row(Floats d, const float* x, int64_t count) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto most = hn::Set(d, -std::numeric_limits<float>::infinity());
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) most = hn::Max(most, hn::LoadU(d, x + i));
  if (i < count) {
    const auto mask = hn::FirstN(d, static_cast<size_t>(count - i));
    most = hn::Max(most, hn::IfThenElse(mask, load_some(d, x + i, count - i), most));
  }
  return hn::GetLane(hn::MaxOfLanes(d, most));
}

// Lanes of v below `count`; zero elsewhere.
HWY_INLINE FloatVector keep_some(Floats d, FloatVector v, int64_t count) {
  if (count >= static_cast<int64_t>(hn::Lanes(d))) return v;
  return hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(count)), v);
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem
HWY_AFTER_NAMESPACE();

#endif
