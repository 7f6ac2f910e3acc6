#include "core/cpu/matmul_epilogue.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/matmul_epilogue.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/cpu/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tandem {
namespace HWY_NAMESPACE {

template <Activation kind, class D>
HWY_INLINE void finish_vector(D d, const EpilogueTile& tile, int64_t row, int64_t column) {
  const int64_t at = row * tile.stride + column;
  auto x = hn::LoadU(d, tile.y + at);
  if (tile.bias != nullptr) x = hn::Add(x, hn::LoadU(d, tile.bias + column));
  if (tile.pre != nullptr) hn::StoreU(x, d, tile.pre + at);
  x = activate<kind>(d, x);
  if (tile.residual != nullptr) x = hn::Add(x, hn::LoadU(d, tile.residual + at));
  hn::StoreU(x, d, tile.y + at);
}

void finish(Activation activation, const EpilogueTile& tile) {
  const hn::ScalableTag<float> wide;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(wide));
  with_activation(activation, [&]<Activation kind>() {
    for (int64_t row = 0; row < tile.rows; ++row) {
      int64_t column = 0;
      for (; column + lanes <= tile.columns; column += lanes) {
        finish_vector<kind>(wide, tile, row, column);
      }
      for (; column < tile.columns; ++column) finish_vector<kind>(one, tile, row, column);
    }
  });
}

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const float* x) {
  return hn::LoadU(d, x);
}

// bf16 is the upper half of a float.
template <class D>
HWY_INLINE hn::Vec<D> load(D d, const uint16_t* x) {
  const hn::Rebind<uint16_t, D> half;
  const hn::Rebind<uint32_t, D> bits;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(bits, hn::LoadU(half, x))));
}

// Columns [column, column + 4 vectors), four chains to hide the latency of the additions.
template <class D, class T>
HWY_INLINE void sum_four(D d, const T* x, int64_t rows, int64_t stride, float* sums) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto s0 = hn::Zero(d);
  auto s1 = s0;
  auto s2 = s0;
  auto s3 = s0;
  for (int64_t row = 0; row < rows; ++row, x += stride) {
    s0 = hn::Add(s0, load(d, x));
    s1 = hn::Add(s1, load(d, x + lanes));
    s2 = hn::Add(s2, load(d, x + 2 * lanes));
    s3 = hn::Add(s3, load(d, x + 3 * lanes));
  }
  hn::StoreU(s0, d, sums);
  hn::StoreU(s1, d, sums + lanes);
  hn::StoreU(s2, d, sums + 2 * lanes);
  hn::StoreU(s3, d, sums + 3 * lanes);
}

template <class T>
HWY_INLINE void sums(const T* x, int64_t rows, int64_t columns, int64_t stride, float* to) {
  const hn::ScalableTag<float> wide;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(wide));
  int64_t column = 0;
  for (; column + 4 * lanes <= columns; column += 4 * lanes) {
    sum_four(wide, x + column, rows, stride, to + column);
  }
  for (; column + 4 <= columns; column += 4) {
    sum_four(one, x + column, rows, stride, to + column);
  }
  for (; column < columns; ++column) {
    auto sum = hn::Zero(one);
    for (int64_t row = 0; row < rows; ++row) {
      sum = hn::Add(sum, load(one, x + row * stride + column));
    }
    hn::StoreU(sum, one, to + column);
  }
}

void sums_of_rows(const float* x, int64_t rows, int64_t columns, int64_t stride, float* to) {
  sums(x, rows, columns, stride, to);
}

void sums_of_bf16_rows(const uint16_t* x, int64_t rows, int64_t columns, int64_t stride,
                       float* to) {
  sums(x, rows, columns, stride, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tandem {

namespace {

HWY_EXPORT(finish);
HWY_EXPORT(sums_of_rows);
HWY_EXPORT(sums_of_bf16_rows);

}  // namespace

void finish_tile(Activation activation, const EpilogueTile& tile) {
  HWY_DYNAMIC_DISPATCH(finish)(activation, tile);
}

void sum_rows(const float* x, int64_t rows, int64_t columns, int64_t stride, float* sums) {
  HWY_DYNAMIC_DISPATCH(sums_of_rows)(x, rows, columns, stride, sums);
}

void sum_rows_bf16(const uint16_t* x, int64_t rows, int64_t columns, int64_t stride, float* sums) {
  HWY_DYNAMIC_DISPATCH(sums_of_bf16_rows)(x, rows, columns, stride, sums);
}

}  // namespace tandem
#endif
