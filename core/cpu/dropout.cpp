#include "core/cpu/dropout.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/dropout.cpp"
#include <hwy/foreach_target.h>  // first: compiles this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tandem::HWY_NAMESPACE {

// Philox4x32-10 (core/philox.h) for this many counters side by side, so that the compiler makes
// vectors of the loops.
constexpr int64_t groups = 16;

struct Words {
  uint32_t word[4][groups];
};

void random_words(const DropoutStream& stream, uint32_t first, Words& words) {
  for (int64_t i = 0; i < groups; ++i) {
    words.word[0][i] = first + static_cast<uint32_t>(i);
    for (size_t w = 0; w < 3; ++w) words.word[w + 1][i] = stream.counter[w];
  }
  uint32_t key0 = stream.key[0];
  uint32_t key1 = stream.key[1];
  for (int round = 0; round < 10; ++round) {
    for (int64_t i = 0; i < groups; ++i) {
      const uint64_t low = uint64_t{0xD2511F53} * words.word[0][i];
      const uint64_t high = uint64_t{0xCD9E8D57} * words.word[2][i];
      words.word[0][i] = static_cast<uint32_t>(high >> 32) ^ words.word[1][i] ^ key0;
      words.word[1][i] = static_cast<uint32_t>(high);
      words.word[2][i] = static_cast<uint32_t>(low >> 32) ^ words.word[3][i] ^ key1;
      words.word[3][i] = static_cast<uint32_t>(low);
    }
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
}

void dropout(const DropoutStream& stream, uint32_t threshold, float factor, const float* x,
             float* y, int64_t begin, int64_t end) {
  Words words;
  for (int64_t first = begin; first < end; first += 4 * groups) {
    random_words(stream, static_cast<uint32_t>(first / 4), words);
    const int64_t count = std::min(4 * groups, end - first);
    for (int64_t i = 0; i < count; ++i) {
      const bool dropped = words.word[i % 4][i / 4] < threshold;
      y[first + i] = dropped ? 0.0f : x[first + i] * factor;
    }
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
