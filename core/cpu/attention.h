// Attention of every (sample, head), fused: only tiles of the T x T matrices ever exist.
#pragma once

#include "core/cpu/stored.h"
#include "core/cpu/threads.h"

#include <cstdint>

namespace tandem::cpu {

struct AttentionShape {
  int64_t samples;
  int64_t tokens;
  int64_t heads;
  int64_t width;  // of one head
  bool causal;    // a query sees keys up to its own place
};

// out [N, T, H D] = softmax(q k' / sqrt(D)) v by head, with qkv [N, T, 3 H D]; lse [N, H, T] is the
// log-sum-exp of each row of scores. All sums are in fp32, whatever qkv and out are stored as.
void attention(Threads& threads, const AttentionShape& shape, const Stored& qkv, const Stored& out,
               float* lse);

// dqkv [N, T, 3 H D] from dout [N, T, H D] and what attention() made.
void attention_gradient(Threads& threads, const AttentionShape& shape, const Stored& qkv,
                        const Stored& out, const float* lse, const Stored& dout,
                        const Stored& dqkv);

}  // namespace tandem::cpu
