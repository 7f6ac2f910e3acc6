#include "core/cpu/elementwise.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/elementwise.cpp"
#include <hwy/foreach_target.h>  // first: compiles this file once a target

#include <hwy/highway.h>

#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace tandem::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

struct AddOp {
  template <class V>
  V operator()(V a, V b) const {
    return hn::Add(a, b);
  }
};
struct SubOp {
  template <class V>
  V operator()(V a, V b) const {
    return hn::Sub(a, b);
  }
};
struct MulOp {
  template <class V>
  V operator()(V a, V b) const {
    return hn::Mul(a, b);
  }
};
struct DivOp {
  template <class V>
  V operator()(V a, V b) const {
    return hn::Div(a, b);
  }
};

// An operand of the innermost loop: a run of elements, or one for all.
template <class D>
HWY_INLINE hn::Vec<D> operand(D d, const float* at, int64_t stride, int64_t i) {
  return stride == 0 ? hn::Set(d, *at) : hn::LoadU(d, at + i);
}

template <int64_t stride_a, int64_t stride_b, class Operation>
HWY_INLINE void row(Operation operation, const float* a, const float* b, float* y, int64_t count) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(operation(operand(d, a, stride_a, i), operand(d, b, stride_b, i)), d, y + i);
  }
  for (; i < count; ++i) {
    hn::StoreU(operation(operand(one, a, stride_a, i), operand(one, b, stride_b, i)), one, y + i);
  }
}

// Offsets of both operands at the start of a row (a turn of all loops but the innermost).
struct RowOffsets {
  int64_t a = 0;
  int64_t b = 0;

  RowOffsets(const BroadcastLoops& loops, int64_t row) {
    for (int loop = loops.rank - 2; loop >= 0; --loop) {
      const auto i = static_cast<size_t>(loop);
      const int64_t turn = row % loops.size[i];
      row /= loops.size[i];
      a += turn * loops.a[i];
      b += turn * loops.b[i];
    }
  }
};

template <int64_t stride_a, int64_t stride_b, class Operation>
void rows(Operation operation, const BroadcastLoops& loops, const float* a, const float* b,
          float* y, int64_t begin, int64_t end) {
  const int64_t inner = loops.inner();
  for (int64_t at = begin; at < end;) {
    const int64_t column = at % inner;
    const int64_t count = std::min(inner - column, end - at);
    const RowOffsets offsets(loops, at / inner);
    row<stride_a, stride_b>(operation, a + offsets.a + column * stride_a,
                            b + offsets.b + column * stride_b, y + at, count);
    at += count;
  }
}

template <class Operation>
void walk(Operation operation, const BroadcastLoops& loops, const float* a, const float* b,
          float* y, int64_t begin, int64_t end) {
  if (loops.inner_a() == 0) {
    rows<0, 1>(operation, loops, a, b, y, begin, end);
  } else if (loops.inner_b() == 0) {
    rows<1, 0>(operation, loops, a, b, y, begin, end);
  } else {
    rows<1, 1>(operation, loops, a, b, y, begin, end);
  }
}

void binary(BinaryKind kind, const BroadcastLoops& loops, const float* a, const float* b, float* y,
            int64_t begin, int64_t end) {
  switch (kind) {
    case BinaryKind::add:
      return walk(AddOp(), loops, a, b, y, begin, end);
    case BinaryKind::sub:
      return walk(SubOp(), loops, a, b, y, begin, end);
    case BinaryKind::mul:
      return walk(MulOp(), loops, a, b, y, begin, end);
    case BinaryKind::div:
      return walk(DivOp(), loops, a, b, y, begin, end);
  }
}

// Highway's Exp and Log leave NaN, zero, overflow and infinities to the caller.
struct ExpFunction {
  template <class D, class V>
  V operator()(D d, V x) const {
    const auto overflows = hn::Gt(x, hn::Set(d, 88.7228394f));
    const V y = hn::Exp(d, hn::Min(x, hn::Set(d, 88.7228394f)));
    const V infinite = hn::Set(d, std::numeric_limits<float>::infinity());
    return hn::IfThenElse(hn::IsNaN(x), x, hn::IfThenElse(overflows, infinite, y));
  }
};
struct LogFunction {
  template <class D, class V>
  V operator()(D d, V x) const {
    const V infinite = hn::Set(d, std::numeric_limits<float>::infinity());
    const V nan = hn::Set(d, std::numeric_limits<float>::quiet_NaN());
    const V zero = hn::Zero(d);
    const V largest = hn::Set(d, std::numeric_limits<float>::max());
    const auto ordinary = hn::And(hn::Gt(x, zero), hn::Le(x, largest));
    const V special = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinite),
                                     hn::IfThenElse(hn::Eq(x, infinite), infinite, nan));
    return hn::IfThenElse(ordinary, hn::Log(d, x), special);
  }
};
struct SqrtFunction {
  template <class D, class V>
  V operator()(D, V x) const {
    return hn::Sqrt(x);
  }
};
struct ScaleFunction {
  float factor;
  template <class D, class V>
  V operator()(D d, V x) const {
    return hn::Mul(x, hn::Set(d, factor));
  }
};

template <class Function>
void map(Function function, const float* x, float* y, int64_t count) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(function(d, hn::LoadU(d, x + i)), d, y + i);
  for (; i < count; ++i) hn::StoreU(function(one, hn::LoadU(one, x + i)), one, y + i);
}

void unary(UnaryKind kind, const float* x, float factor, float* y, int64_t count) {
  switch (kind) {
    case UnaryKind::exp:
      return map(ExpFunction(), x, y, count);
    case UnaryKind::log:
      return map(LogFunction(), x, y, count);
    case UnaryKind::sqrt:
      return map(SqrtFunction(), x, y, count);
    case UnaryKind::scale:
      return map(ScaleFunction{factor}, x, y, count);
  }
}

}  // namespace tandem::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tandem {

HWY_EXPORT(binary);
HWY_EXPORT(unary);

void cpu_binary(BinaryKind kind, const BroadcastLoops& loops, const float* a, const float* b,
                float* y, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(binary)(kind, loops, a, b, y, begin, end);
}

void cpu_unary(UnaryKind kind, const float* x, float factor, float* y, int64_t count) {
  HWY_DYNAMIC_DISPATCH(unary)(kind, x, factor, y, count);
}

}  // namespace tandem
#endif
