#include "core/cpu/attention.h"

#include "core/cpu/thread_scratch.h"

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

thread_local ThreadScratch scratch;
thread_local ThreadScratch copies;  // of a head that is stored in 16 bits, as floats

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

// One head of a [N, T, parts H D] tensor: rows of D elements.
struct HeadPart {
  const AttentionShape& shape;
  int64_t head;
  int64_t parts;

  int64_t step() const { return parts * shape.heads * shape.width; }
  int64_t first() const { return head_offset(shape, head, parts); }

  // All of it as floats, [T, parts D].
  void load(const Stored& from, float* to) const {
    each([&](int64_t row, int64_t at) { from.load(row, shape.width, to + at); });
  }
  void store(const float* from, const Stored& to) const {
    each([&](int64_t row, int64_t at) { to.store(from + at, row, shape.width); });
  }

 private:
  template <class Visit>
  void each(Visit&& visit) const {
    for (int64_t token = 0; token < shape.tokens; ++token) {
      for (int64_t part = 0; part < parts; ++part) {
        visit(first() + token * step() + part * shape.heads * shape.width,
              (token * parts + part) * shape.width);
      }
    }
  }
};

// A head by itself, as HeadPart copies it.
AttentionShape alone(const AttentionShape& shape) {
  return {1, shape.tokens, 1, shape.width, shape.causal};
}

}  // namespace

void attention(Threads& threads, const AttentionShape& shape, const Stored& qkv, const Stored& out,
               float* lse) {
  const bool direct = qkv.floats() != nullptr && out.floats() != nullptr;
  const int64_t size = shape.tokens * shape.width;
  threads.ranges(shape.samples * shape.heads, heads_a_task(shape), [&](int64_t begin, int64_t end) {
    for (int64_t head = begin; head < end; ++head) {
      const HeadPart wide{shape, head, 3}, narrow{shape, head, 1};
      float* row_lse = lse + head * shape.tokens;
      if (direct) {
        HWY_DYNAMIC_DISPATCH(attention_head)
        (shape, scratch, qkv.floats() + wide.first(), out.floats() + narrow.first(), row_lse);
        continue;
      }
      copies.reserve(4 * size);
      float* inputs = copies.take(3 * size);
      float* result = copies.take(size);
      wide.load(qkv, inputs);
      HWY_DYNAMIC_DISPATCH(attention_head)(alone(shape), scratch, inputs, result, row_lse);
      narrow.store(result, out);
    }
  });
}

void attention_gradient(Threads& threads, const AttentionShape& shape, const Stored& qkv,
                        const Stored& out, const float* lse, const Stored& dout,
                        const Stored& dqkv) {
  const bool direct = qkv.floats() != nullptr && out.floats() != nullptr &&
                      dout.floats() != nullptr && dqkv.floats() != nullptr;
  const int64_t size = shape.tokens * shape.width;
  threads.ranges(shape.samples * shape.heads, heads_a_task(shape), [&](int64_t begin, int64_t end) {
    for (int64_t head = begin; head < end; ++head) {
      const HeadPart wide{shape, head, 3}, narrow{shape, head, 1};
      const float* row_lse = lse + head * shape.tokens;
      if (direct) {
        HWY_DYNAMIC_DISPATCH(attention_head_gradient)
        (shape, scratch, qkv.floats() + wide.first(), out.floats() + narrow.first(), row_lse,
         dout.floats() + narrow.first(), dqkv.floats() + wide.first());
        continue;
      }
      copies.reserve(8 * size);
      float* inputs = copies.take(3 * size);
      float* result = copies.take(size);
      float* slopes = copies.take(size);
      float* gradients = copies.take(3 * size);
      wide.load(qkv, inputs);
      narrow.load(out, result);
      narrow.load(dout, slopes);
      HWY_DYNAMIC_DISPATCH(attention_head_gradient)
      (alone(shape), scratch, inputs, result, row_lse, slopes, gradients);
      wide.store(gradients, dqkv);
    }
  });
}

}  // namespace cpu
}  // namespace tandem
#endif
