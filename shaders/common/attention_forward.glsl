// out = softmax(q k' / sqrt(D)) v and lse = log-sum-exp of each row of scores, by head; one pass
// over the keys with a running maximum (Dao et al. 2022, algorithm 1).
// A workgroup takes queries of one head; an invocation keeps some of them.
//   binding 0  qkv [N, T, 3, H, D]  read      binding 1  the same as vec4
//   binding 2  out [N, T, H, D]     written   binding 3  lse [N, H, T]  written
//   constants and push: common/head.glsl
#include "common/head.glsl"

layout(std430, binding = 0) readonly buffer Qkv { float qkv[]; };
layout(std430, binding = 1) readonly buffer Qkv4 { vec4 qkv4[]; };
layout(std430, binding = 2) writeonly buffer Result { float result[]; };
layout(std430, binding = 3) writeonly buffer Lse { float lse[]; };

vec4 q[each * quads];
vec4 sums[each * quads];
float most[each];
float total[each];
float scores[each * step_rows];

void score(uint first) {
  [[unroll]] for (uint j = 0; j < step_rows; ++j) {
    const uint at = head_at(min(first + j, tokens - 1), 3, 1);
    [[unroll]] for (uint r = 0; r < each; ++r) scores[r * step_rows + j] = 0;
    [[unroll]] for (uint i = 0; i < quads; ++i) {
      const vec4 k = LOAD(qkv, qkv4, at, OWN(i));
      [[unroll]] for (uint r = 0; r < each; ++r) {
        scores[r * step_rows + j] = dot_add(q[r * quads + i], k, scores[r * step_rows + j]);
      }
    }
    [[unroll]] for (uint r = 0; r < each; ++r) {
      scores[r * step_rows + j] = over_row(scores[r * step_rows + j]);
    }
  }
}

// Turns scores into exp(score - most), with a new `most`; gives what earlier sums shrink by.
float exponentials(uint r, uint first) {
  const uint seen = causal == 1 ? min(own_row(r) + 1, tokens) : tokens;
  float largest = most[r];
  [[unroll]] for (uint j = 0; j < step_rows; ++j) {
    largest = first + j < seen ? max(largest, scores[r * step_rows + j]) : largest;
  }
  const float shrink = exp(most[r] - largest);
  most[r] = largest;
  total[r] *= shrink;
  [[unroll]] for (uint j = 0; j < step_rows; ++j) {
    const float power = exp(scores[r * step_rows + j] - largest);
    scores[r * step_rows + j] = first + j < seen ? power : 0.0;
    total[r] += scores[r * step_rows + j];
  }
  return shrink;
}

void main() {
  // Rows beyond the last repeat it and are not stored: so all invocations read the same keys.
  [[unroll]] for (uint r = 0; r < each; ++r) {
    const uint from = head_at(min(own_row(r), tokens - 1), 3, 0);
    [[unroll]] for (uint i = 0; i < quads; ++i) {
      q[r * quads + i] = scale * LOAD(qkv, qkv4, from, OWN(i));
      sums[r * quads + i] = vec4(0);
    }
    most[r] = -3.4e38;
    total[r] = 0;
  }
  const uint end = causal == 1 ? group_end() : tokens;
  for (uint first = 0; first < end; first += step_rows) {
    score(first);
    [[unroll]] for (uint r = 0; r < each; ++r) {
      const float shrink = exponentials(r, first);
      [[unroll]] for (uint i = 0; i < quads; ++i) sums[r * quads + i] *= shrink;
    }
    [[unroll]] for (uint j = 0; j < step_rows; ++j) {
      const uint at = head_at(min(first + j, tokens - 1), 3, 2);
      [[unroll]] for (uint i = 0; i < quads; ++i) {
        const vec4 v = LOAD(qkv, qkv4, at, OWN(i));
        [[unroll]] for (uint r = 0; r < each; ++r) {
          sums[r * quads + i] = fma(vec4(scores[r * step_rows + j]), v, sums[r * quads + i]);
        }
      }
    }
  }
  [[unroll]] for (uint r = 0; r < each; ++r) {
    if (own_row(r) < tokens) {
      const uint to = head_at(own_row(r), 1, 0);
      [[unroll]] for (uint i = 0; i < quads; ++i) {
        STORE(result, to, OWN(i), sums[r * quads + i] / total[r]);
      }
      if (share() == 0) lse[row_at(own_row(r))] = most[r] + log(total[r]);
    }
  }
}
