// Attention of one head of one sample (Dao et al. 2022, "FlashAttention", algorithms 1 and 4, in
// row blocks). Compiled once a Highway target for core/cpu/attention.cpp.
#if defined(TANDEM_CORE_CPU_ATTENTION_HEAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TANDEM_CORE_CPU_ATTENTION_HEAD_INL_H_
#undef TANDEM_CORE_CPU_ATTENTION_HEAD_INL_H_
#else
#define TANDEM_CORE_CPU_ATTENTION_HEAD_INL_H_
#endif

#include "core/cpu/attention.h"
#include "core/cpu/thread_scratch.h"
#include "core/cpu/small_gemm-inl.h"

#include <algorithm>
#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace tandem {
namespace HWY_NAMESPACE {

using cpu::ThreadScratch;
using cpu::AttentionShape;

HWY_INLINE int64_t whole_vectors(int64_t count) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(Floats()));
  return (count + lanes - 1) / lanes * lanes;
}

// The sizes that both passes work with.
struct HeadSizes {
  int64_t tokens;
  int64_t width;
  int64_t stride;   // floats from token to token in out; three times that in qkv
  int64_t wide;     // width and
  int64_t longest;  // tokens as whole vectors
  int64_t block;    // queries worked on at a time
  float scale;

  explicit HeadSizes(const AttentionShape& shape)
      : tokens(shape.tokens),
        width(shape.width),
        stride(shape.heads * shape.width),
        wide(whole_vectors(width)),
        longest(whole_vectors(tokens)),
        // Few where the masked half can be skipped, all of a short sequence, else so many that
        // their scores stay in the nearest caches.
        block(std::min<int64_t>(tokens, shape.causal   ? 24
                                        : tokens <= 96 ? 96
                                                       : 48)),
        scale(static_cast<float>(1.0 / std::sqrt(static_cast<double>(width)))) {}
};

// Turns a row of scores into exp(score - largest) for the first `seen` keys and zero up to `keys`;
// gives their sum and the largest.
HWY_INLINE float exponentials(float* row, int64_t seen, int64_t keys, float* largest) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  *largest = max_row(d, row, seen);
  const auto most = hn::Set(d, *largest);
  auto sum = hn::Zero(d);
  int64_t i = 0;
  for (; i < seen; i += lanes) {
    const auto power = exponential(d, hn::Sub(hn::LoadU(d, row + i), most));
    const auto kept = keep_some(d, power, seen - i);
    hn::StoreU(kept, d, row + i);
    sum = hn::Add(sum, kept);
  }
  for (; i < keys; i += lanes) hn::StoreU(hn::Zero(d), d, row + i);
  return sum_lanes(d, sum);
}

// to [count] = factor from [count], `from` padded to whole vectors.
HWY_INLINE void scale_row(const float* from, float factor, float* to, int64_t count) {
  const Floats d;
  const auto times = hn::Set(d, factor);
  for (int64_t j = 0; j < count; j += static_cast<int64_t>(hn::Lanes(d))) {
    store_some(d, hn::Mul(hn::LoadU(d, from + j), times), to + j, count - j);
  }
}

// qkv and out at the head's first channel of the sample's first token; lse [T].
void attention_head(const AttentionShape& shape, ThreadScratch& scratch, const float* qkv,
                    float* out, float* lse) {
  const HeadSizes at(shape);
  scratch.reserve(at.width * at.longest + at.tokens * at.wide +
                  at.block * (at.longest + at.wide + 1));
  const Matrix keys{scratch.take(at.width * at.longest), at.longest};    // scaled, [D, T]
  const Matrix values{scratch.take(at.tokens * at.wide), at.wide};       // [T, D]
  const Matrix scores{scratch.take(at.block * at.longest), at.longest};  // [block, T]
  const Matrix result{scratch.take(at.block * at.wide), at.wide};        // [block, D]
  float* inverse = scratch.take(at.block);
  const int64_t step = 3 * at.stride;
  pack_transposed({qkv + at.stride, step}, keys, at.tokens, at.width, at.longest, at.scale);
  pack({qkv + 2 * at.stride, step}, values, at.tokens, at.width);
  for (int64_t first = 0; first < at.tokens; first += at.block) {
    const int64_t rows = std::min(at.block, at.tokens - first);
    const int64_t seen = shape.causal ? first + rows : at.tokens;
    multiply<Form::plain>({qkv + first * step, step}, keys, scores, rows, seen, at.width);
    for (int64_t i = 0; i < rows; ++i) {
      float largest = 0;
      const float sum = exponentials(scores.data + i * at.longest,
                                     shape.causal ? first + i + 1 : seen, seen, &largest);
      inverse[i] = 1.0f / sum;
      lse[first + i] = largest + std::log(sum);
    }
    multiply<Form::plain>(scores, values, result, rows, at.width, seen);
    for (int64_t i = 0; i < rows; ++i) {
      scale_row(result.data + i * at.wide, inverse[i], out + (first + i) * at.stride, at.width);
    }
  }
}

// Per row: P = exp(S - lse) in place of the scores S, and dS = P (dP - delta) scale in place of dP;
// zero beyond the first `seen` keys.
HWY_INLINE void score_gradients(float* scores, float* slopes, int64_t seen, int64_t keys, float lse,
                                float delta, float scale) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto shift = hn::Set(d, lse), mean = hn::Set(d, delta), times = hn::Set(d, scale);
  int64_t i = 0;
  for (; i < seen; i += lanes) {
    const auto power = exponential(d, hn::Sub(hn::LoadU(d, scores + i), shift));
    const auto kept = keep_some(d, power, seen - i);
    hn::StoreU(kept, d, scores + i);
    const auto slope = hn::Mul(kept, hn::Sub(hn::LoadU(d, slopes + i), mean));
    hn::StoreU(keep_some(d, hn::Mul(slope, times), seen - i), d, slopes + i);
  }
  for (; i < keys; i += lanes) {
    hn::StoreU(hn::Zero(d), d, scores + i);
    hn::StoreU(hn::Zero(d), d, slopes + i);
  }
}

// What the blocks of the backward pass share.
struct HeadGradient {
  Matrix keys_across;    // scaled, [D, T]
  Matrix values_across;  // [D, T]
  Matrix keys;           // [T, D]
  Matrix queries;        // [block, D]
  Matrix dout;           // [block, D]
  Matrix scores;         // [block, T], then P
  Matrix slopes;         // [block, T], dP, then dS
  Matrix dqueries;       // [block, D]
  Matrix dkeys;          // [T, D], sums over the blocks
  Matrix dvalues;

  HeadGradient(const HeadSizes& at, ThreadScratch& scratch) {
    scratch.reserve(2 * at.width * at.longest + 3 * at.tokens * at.wide +
                    at.block * (3 * at.wide + 2 * at.longest));
    const auto take = [&](int64_t rows, int64_t columns) {
      return Matrix{scratch.take(rows * columns), columns};
    };
    keys_across = take(at.width, at.longest);
    values_across = take(at.width, at.longest);
    keys = take(at.tokens, at.wide);
    queries = take(at.block, at.wide);
    dout = take(at.block, at.wide);
    scores = take(at.block, at.longest);
    slopes = take(at.block, at.longest);
    dqueries = take(at.block, at.wide);
    dkeys = take(at.tokens, at.wide);
    dvalues = take(at.tokens, at.wide);
  }
};

// Pointers at the head's first channel of the sample's first token; lse [T].
void attention_head_gradient(const AttentionShape& shape, ThreadScratch& scratch,
                             const float* qkv, const float* out, const float* lse,
                             const float* dout, float* dqkv) {
  const Floats d;
  const HeadSizes at(shape);
  const HeadGradient g(at, scratch);
  const int64_t step = 3 * at.stride;
  pack_transposed({qkv + at.stride, step}, g.keys_across, at.tokens, at.width, at.longest,
                  at.scale);
  pack_transposed({qkv + 2 * at.stride, step}, g.values_across, at.tokens, at.width, at.longest,
                  1.0f);
  pack({qkv + at.stride, step}, g.keys, at.tokens, at.width);
  std::fill(g.dkeys.data, g.dkeys.data + at.tokens * at.wide, 0.0f);
  std::fill(g.dvalues.data, g.dvalues.data + at.tokens * at.wide, 0.0f);
  for (int64_t first = 0; first < at.tokens; first += at.block) {
    const int64_t rows = std::min(at.block, at.tokens - first);
    const int64_t seen = shape.causal ? first + rows : at.tokens;
    pack({qkv + first * step, step}, g.queries, rows, at.width);
    pack({dout + first * at.stride, at.stride}, g.dout, rows, at.width);
    multiply<Form::plain>(g.queries, g.keys_across, g.scores, rows, seen, at.width);
    multiply<Form::plain>(g.dout, g.values_across, g.slopes, rows, seen, at.width);
    for (int64_t i = 0; i < rows; ++i) {
      const float* result = out + (first + i) * at.stride;
      const float* slope = g.dout.data + i * at.wide;
      const float delta = sum_row(d, at.width, [&](int64_t j, int64_t count) HWY_ATTR {
        return hn::Mul(load_some(d, result + j, count), load_some(d, slope + j, count));
      });
      score_gradients(g.scores.data + i * at.longest, g.slopes.data + i * at.longest,
                      shape.causal ? first + i + 1 : seen, seen, lse[first + i], delta, at.scale);
    }
    multiply<Form::transposed_add>(g.scores, g.dout, g.dvalues, seen, at.width, rows);
    multiply<Form::transposed_add>(g.slopes, g.queries, g.dkeys, seen, at.width, rows);
    multiply<Form::plain>(g.slopes, g.keys, g.dqueries, rows, at.width, seen);
    unpack(g.dqueries, {dqkv + first * step, step}, rows, at.width);
  }
  unpack(g.dkeys, {dqkv + at.stride, step}, at.tokens, at.width);
  unpack(g.dvalues, {dqkv + 2 * at.stride, step}, at.tokens, at.width);
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem
HWY_AFTER_NAMESPACE();

#endif
