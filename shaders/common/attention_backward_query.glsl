// dq of attention, and delta = rowsum(dout out) for the pass over keys, by head:
//   P = exp(q k' / sqrt(D) - lse)    dS = P (dout v' - delta)    dq = dS k / sqrt(D)
// A workgroup takes queries of one head; an invocation keeps some of them.
//   binding 0  qkv  [N, T, 3, H, D]  read   binding 1  the same as vec4
//   binding 2  dout [N, T, H, D]     read   binding 3  the same as vec4
//   binding 4  out  [N, T, H, D]     read   binding 5  lse [N, H, T]  read
//   binding 6  dqkv [N, T, 3, H, D]  its first third written
//   binding 7  delta [N, H, T]  written
//   constants and push: common/head.glsl
#include "common/head.glsl"

layout(std430, binding = 0) readonly buffer Qkv { float qkv[]; };
layout(std430, binding = 1) readonly buffer Qkv4 { vec4 qkv4[]; };
layout(std430, binding = 2) readonly buffer Dout { float dout[]; };
layout(std430, binding = 3) readonly buffer Dout4 { vec4 dout4[]; };
layout(std430, binding = 4) readonly buffer Result { float result[]; };
layout(std430, binding = 5) readonly buffer Lse { float lse[]; };
layout(std430, binding = 6) writeonly buffer Dqkv { float dqkv[]; };
layout(std430, binding = 7) writeonly buffer Delta { float delta[]; };

vec4 q[each * quads];
vec4 slope[each * quads];
vec4 sums[each * quads];
float mean[each];
float shift[each];

void load(uint r) {
  const uint query = min(own_row(r), tokens - 1);
  const uint from = head_at(query, 3, 0);
  const uint across = head_at(query, 1, 0);
  mean[r] = 0;
  [[unroll]] for (uint i = 0; i < quads; ++i) {
    q[r * quads + i] = scale * LOAD(qkv, qkv4, from, OWN(i));
    slope[r * quads + i] = LOAD(dout, dout4, across, OWN(i));
    sums[r * quads + i] = vec4(0);
    [[unroll]] for (uint c = 0; c < 4; ++c) {
      const uint channel = 4 * OWN(i) + c;
      if (channel < width) {
        mean[r] = fma(slope[r * quads + i][c], result[across + channel], mean[r]);
      }
    }
  }
  mean[r] = over_row(mean[r]);
  shift[r] = lse[row_at(query)];
}

void add(uint key) {
  const uint at_k = head_at(min(key, tokens - 1), 3, 1);
  const uint at_v = head_at(min(key, tokens - 1), 3, 2);
  vec4 k[quads];
  float product[each];
  float ds[each];
  [[unroll]] for (uint r = 0; r < each; ++r) product[r] = ds[r] = 0;
  [[unroll]] for (uint i = 0; i < quads; ++i) {
    k[i] = LOAD(qkv, qkv4, at_k, OWN(i));
    const vec4 v = LOAD(qkv, qkv4, at_v, OWN(i));
    [[unroll]] for (uint r = 0; r < each; ++r) {
      product[r] = dot_add(q[r * quads + i], k[i], product[r]);
      ds[r] = dot_add(slope[r * quads + i], v, ds[r]);
    }
  }
  [[unroll]] for (uint r = 0; r < each; ++r) {
    product[r] = over_row(product[r]);
    ds[r] = over_row(ds[r]);
    const uint seen = causal == 1 ? min(own_row(r) + 1, tokens) : tokens;
    ds[r] = key < seen ? exp(product[r] - shift[r]) * (ds[r] - mean[r]) : 0.0;
    [[unroll]] for (uint i = 0; i < quads; ++i) {
      sums[r * quads + i] = fma(vec4(ds[r]), k[i], sums[r * quads + i]);
    }
  }
}

void main() {
  // Rows beyond the last repeat it and are not stored: so all invocations read the same keys.
  [[unroll]] for (uint r = 0; r < each; ++r) load(r);
  const uint end = causal == 1 ? group_end() : tokens;
  for (uint key = 0; key < end; key += step_rows) {
    [[unroll]] for (uint j = 0; j < step_rows; ++j) add(key + j);
  }
  [[unroll]] for (uint r = 0; r < each; ++r) {
    if (own_row(r) < tokens) {
      const uint to = head_at(own_row(r), 3, 0);
      [[unroll]] for (uint i = 0; i < quads; ++i) {
        STORE(dqkv, to, OWN(i), scale * sums[r * quads + i]);
      }
      if (share() == 0) delta[row_at(own_row(r))] = mean[r];
    }
  }
}
