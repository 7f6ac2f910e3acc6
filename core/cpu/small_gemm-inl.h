// Matrix products small enough to stay in a core's caches, and the packing they want. Included
// once a Highway target.
#if defined(TANDEM_CORE_CPU_SMALL_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TANDEM_CORE_CPU_SMALL_GEMM_INL_H_
#undef TANDEM_CORE_CPU_SMALL_GEMM_INL_H_
#else
#define TANDEM_CORE_CPU_SMALL_GEMM_INL_H_
#endif

#include "core/cpu/row_math-inl.h"

#include <algorithm>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace tandem {
namespace HWY_NAMESPACE {

// A row-major matrix: its first element, and the distance from row to row.
struct ConstMatrix {
  const float* data;
  int64_t stride;
};
struct Matrix {
  float* data;
  int64_t stride;
  operator ConstMatrix() const { return {data, stride}; }
};

// Rows and columns (in vectors) of the tile of C that is kept in registers: of 32 registers 24
// accumulate, of 16 twelve.
constexpr int tile_rows = 6;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3 || \
    HWY_TARGET == HWY_SCALAR
constexpr int tile_vectors = 2;
#else
constexpr int tile_vectors = 4;
#endif

// How a product is formed: C = A B, or C += A' B.
enum class Form { plain, transposed_add };

// One tile of C. A's element (i, k) is a[i, k], or a[k, i] where A is transposed.
template <Form form, int rows, int vectors>
HWY_INLINE void multiply_tile(ConstMatrix a, ConstMatrix b, Matrix c, int64_t depth) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  FloatVector sums[rows][vectors];
  HWY_UNROLL(8)
  for (int i = 0; i < rows; ++i) {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) {
      sums[i][v] =
          form == Form::plain ? hn::Zero(d) : hn::LoadU(d, c.data + i * c.stride + v * lanes);
    }
  }
  for (int64_t k = 0; k < depth; ++k) {
    FloatVector right[vectors];
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) right[v] = hn::LoadU(d, b.data + k * b.stride + v * lanes);
    HWY_UNROLL(8)
    for (int i = 0; i < rows; ++i) {
      const auto left =
          hn::Set(d, form == Form::plain ? a.data[i * a.stride + k] : a.data[k * a.stride + i]);
      HWY_UNROLL(8)
      for (int v = 0; v < vectors; ++v) sums[i][v] = hn::MulAdd(left, right[v], sums[i][v]);
    }
  }
  HWY_UNROLL(8)
  for (int i = 0; i < rows; ++i) {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) {
      hn::StoreU(sums[i][v], d, c.data + i * c.stride + v * lanes);
    }
  }
}

template <Form form, int vectors>
void multiply_columns(ConstMatrix a, ConstMatrix b, Matrix c, int64_t rows, int64_t depth) {
  const auto advance = [&](int64_t count) HWY_ATTR {
    a.data += form == Form::plain ? count * a.stride : count;
    c.data += count * c.stride;
    rows -= count;
  };
  while (rows >= tile_rows) {
    multiply_tile<form, tile_rows, vectors>(a, b, c, depth);
    advance(tile_rows);
  }
  if (rows >= 4) {
    multiply_tile<form, 4, vectors>(a, b, c, depth);
    advance(4);
  }
  if (rows >= 2) {
    multiply_tile<form, 2, vectors>(a, b, c, depth);
    advance(2);
  }
  if (rows >= 1) multiply_tile<form, 1, vectors>(a, b, c, depth);
}

// C [rows, columns] = A B, or += A' B; B [depth, columns]. B and C are padded to whole vectors.
template <Form form>
void multiply(ConstMatrix a, ConstMatrix b, Matrix c, int64_t rows, int64_t columns,
              int64_t depth) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(Floats()));
  int64_t left = (columns + lanes - 1) / lanes;
  while (left > 0) {
    // Strips of equal width rather than full ones and a narrow rest.
    const int64_t strips = (left + tile_vectors - 1) / tile_vectors;
    const int64_t vectors = (left + strips - 1) / strips;
    if (vectors == 1) multiply_columns<form, 1>(a, b, c, rows, depth);
    if (vectors == 2) multiply_columns<form, 2>(a, b, c, rows, depth);
    if constexpr (tile_vectors > 2) {
      if (vectors == 3) multiply_columns<form, 3>(a, b, c, rows, depth);
      if (vectors == 4) multiply_columns<form, 4>(a, b, c, rows, depth);
    }
    b.data += vectors * lanes;
    c.data += vectors * lanes;
    left -= vectors;
  }
}

// to [rows, columns] = from; the columns up to a whole vector are zero.
HWY_INLINE void pack(ConstMatrix from, Matrix to, int64_t rows, int64_t columns) {
  const Floats d;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; j += static_cast<int64_t>(hn::Lanes(d))) {
      hn::StoreU(load_some(d, from.data + i * from.stride + j, columns - j), d,
                 to.data + i * to.stride + j);
    }
  }
}

// to [rows, columns] = from, nothing beyond.
HWY_INLINE void unpack(ConstMatrix from, Matrix to, int64_t rows, int64_t columns) {
  const Floats d;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; j += static_cast<int64_t>(hn::Lanes(d))) {
      store_some(d, hn::LoadU(d, from.data + i * from.stride + j), to.data + i * to.stride + j,
                 columns - j);
    }
  }
}

// Four rows and columns of pack_transposed.
HWY_INLINE void transpose_block(ConstMatrix from, Matrix to, float factor) {
#if HWY_TARGET == HWY_SCALAR
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t j = 0; j < 4; ++j) {
      to.data[j * to.stride + i] = factor * from.data[i * from.stride + j];
    }
  }
#else
  const hn::FixedTag<float, 4> d;
  const auto times = hn::Set(d, factor);
  const auto row = [&](int64_t i) HWY_ATTR {
    return hn::Mul(times, hn::LoadU(d, from.data + i * from.stride));
  };
  const auto a = row(0), b = row(1), c = row(2), e = row(3);
  const auto even = hn::InterleaveLower(d, a, c), odd = hn::InterleaveLower(d, b, e);
  const auto even_up = hn::InterleaveUpper(d, a, c), odd_up = hn::InterleaveUpper(d, b, e);
  hn::StoreU(hn::InterleaveLower(d, even, odd), d, to.data);
  hn::StoreU(hn::InterleaveUpper(d, even, odd), d, to.data + to.stride);
  hn::StoreU(hn::InterleaveLower(d, even_up, odd_up), d, to.data + 2 * to.stride);
  hn::StoreU(hn::InterleaveUpper(d, even_up, odd_up), d, to.data + 3 * to.stride);
#endif
}

// to [columns, rows] = factor from', from [rows, columns]; to's rows are zero up to `padded`.
HWY_INLINE void pack_transposed(ConstMatrix from, Matrix to, int64_t rows, int64_t columns,
                                int64_t padded, float factor) {
  const int64_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  for (int64_t i = 0; i < whole_rows; i += 4) {
    for (int64_t j = 0; j < whole_columns; j += 4) {
      transpose_block({from.data + i * from.stride + j, from.stride},
                      {to.data + j * to.stride + i, to.stride}, factor);
    }
  }
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = j < whole_columns ? whole_rows : 0; i < padded; ++i) {
      to.data[j * to.stride + i] = i < rows ? factor * from.data[i * from.stride + j] : 0.0f;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem
HWY_AFTER_NAMESPACE();

#endif
