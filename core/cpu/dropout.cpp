#include "core/cpu/dropout.h"

#include "core/philox.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/dropout.cpp"
#include <hwy/foreach_target.h>  // first: compiles this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tandem::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

// One counter at a time.
constexpr int64_t words_at_once = 4;

void random_words(const DropoutStream& stream, uint32_t first, uint32_t* words) {
  const auto& counter = stream.counter;
  const auto four = philox({first, counter[0], counter[1], counter[2]}, stream.key);
  std::copy(four.begin(), four.end(), words);
}

#else

using Tag = hn::ScalableTag<uint32_t>;
using Vector = hn::Vec<Tag>;

// Low and high halves of the products of all lanes with a constant.
struct Product {
  Vector low;
  Vector high;
};

HWY_INLINE Product multiply(Vector x, uint32_t factor) {
  const Tag d;
  const Vector constant = hn::Set(d, factor);
  const auto even = hn::MulEven(x, constant);
  const auto odd = hn::MulEven(hn::Shuffle2301(x), constant);
  return {hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even)),
          hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)))};
}

// Philox4x32-10 (core/philox.h) for as many counters as there are lanes, from `first` on: words
// [4 lanes] in order.
HWY_INLINE void random_words(const DropoutStream& stream, uint32_t first, uint32_t* words) {
  const Tag d;
  Vector c0 = hn::Iota(d, first);
  Vector c1 = hn::Set(d, stream.counter[0]);
  Vector c2 = hn::Set(d, stream.counter[1]);
  Vector c3 = hn::Set(d, stream.counter[2]);
  uint32_t key0 = stream.key[0];
  uint32_t key1 = stream.key[1];
  for (int round = 0; round < 10; ++round) {
    const Product p0 = multiply(c0, 0xD2511F53);
    const Product p2 = multiply(c2, 0xCD9E8D57);
    c0 = hn::Xor(hn::Xor(p2.high, c1), hn::Set(d, key0));
    c2 = hn::Xor(hn::Xor(p0.high, c3), hn::Set(d, key1));
    c1 = p2.low;
    c3 = p0.low;
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  hn::StoreInterleaved4(c0, c1, c2, c3, d, words);
}

constexpr int64_t words_at_once = 4 * hn::MaxLanes(Tag());

#endif

void dropout(const DropoutStream& stream, uint32_t threshold, float factor, const float* x,
             float* y, int64_t begin, int64_t end) {
  HWY_ALIGN uint32_t words[words_at_once];
  for (int64_t next = begin; next < end;) {
    const uint64_t word = stream.first + static_cast<uint64_t>(next);
    random_words(stream, static_cast<uint32_t>(word / 4), words);
    const auto skipped = static_cast<int64_t>(word % 4);
    const int64_t count = std::min(words_at_once - skipped, end - next);
    for (int64_t i = 0; i < count; ++i) {
      const float kept = x[next + i] * factor;
      y[next + i] = words[skipped + i] < threshold ? 0.0f : kept;
    }
    next += count;
  }
}

}  // namespace tandem::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tandem {

HWY_EXPORT(dropout);

void cpu_dropout(const DropoutStream& stream, uint32_t threshold, float factor, const float* x,
                 float* y, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(dropout)(stream, threshold, factor, x, y, begin, end);
}

}  // namespace tandem
#endif
