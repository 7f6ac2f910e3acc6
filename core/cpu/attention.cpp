#include "core/cpu/attention.h"

#include "core/cpu/attention_scratch.h"

#include <algorithm>

// The tiles of small_gemm-inl.h are arrays of vectors, which types without a fixed size forbid.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/attention.cpp"
#include "hwy/foreach_target.h"

// After foreach_target.h, as Highway asks; the blank line keeps it so.
#include "core/cpu/attention_head-inl.h"
#include "hwy/highway.h"

#if HWY_ONCE
namespace tandem {

HWY_EXPORT(attention_head);
HWY_EXPORT(attention_head_gradient);

namespace cpu {

namespace {

thread_local AttentionScratch scratch;

// Heads that one task takes: so many that it is worth starting, few enough for many threads.
int64_t heads_a_task(const AttentionShape& shape) {
  const int64_t operations = 4 * shape.tokens * shape.tokens * shape.width;
  const int64_t heads = shape.samples * shape.heads;
  return std::max<int64_t>(1, std::min(1'000'000 / std::max<int64_t>(1, operations), heads / 32));
}

// Where a head starts in a [N, T, times H D] tensor.
int64_t head_offset(const AttentionShape& shape, int64_t head, int64_t times) {
  const int64_t channels = shape.heads * shape.width;
  return head / shape.heads * shape.tokens * channels * times + head % shape.heads * shape.width;
}

}  // namespace

void attention(Threads& threads, const AttentionShape& shape, const float* qkv, float* out,
               float* lse) {
  threads.ranges(shape.samples * shape.heads, heads_a_task(shape), [&](int64_t begin, int64_t end) {
    for (int64_t head = begin; head < end; ++head) {
      HWY_DYNAMIC_DISPATCH(attention_head)
      (shape, scratch, qkv + head_offset(shape, head, 3), out + head_offset(shape, head, 1),
       lse + head * shape.tokens);
    }
  });
}

void attention_gradient(Threads& threads, const AttentionShape& shape, const float* qkv,
                        const float* out, const float* lse, const float* dout, float* dqkv) {
  threads.ranges(shape.samples * shape.heads, heads_a_task(shape), [&](int64_t begin, int64_t end) {
    for (int64_t head = begin; head < end; ++head) {
      const int64_t at = head_offset(shape, head, 1), wide = head_offset(shape, head, 3);
      HWY_DYNAMIC_DISPATCH(attention_head_gradient)
      (shape, scratch, qkv + wide, out + at, lse + head * shape.tokens, dout + at, dqkv + wide);
    }
  });
}

}  // namespace cpu
}  // namespace tandem
#endif
