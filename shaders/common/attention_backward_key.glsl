// dk and dv of attention, by head:
//   P = exp(q k' / sqrt(D) - lse)    dS = P (dout v' - delta)
//   dv = P' dout    dk = dS' q / sqrt(D)
// A workgroup takes keys of one head; an invocation keeps some of them.
//   binding 0  qkv  [N, T, 3, H, D]  read   binding 1  the same as vec4
//   binding 2  dout [N, T, H, D]     read   binding 3  the same as vec4
//   binding 4  lse  [N, H, T]        read   binding 5  delta [N, H, T]  read
//   binding 6  dqkv [N, T, 3, H, D]  its last two thirds written
//   constants and push: common/head.glsl
#include "common/head.glsl"

layout(std430, binding = 0) readonly buffer Qkv { float qkv[]; };
layout(std430, binding = 1) readonly buffer Qkv4 { vec4 qkv4[]; };
layout(std430, binding = 2) readonly buffer Dout { float dout[]; };
layout(std430, binding = 3) readonly buffer Dout4 { vec4 dout4[]; };
layout(std430, binding = 4) readonly buffer Lse { float lse[]; };
layout(std430, binding = 5) readonly buffer Delta { float delta[]; };
layout(std430, binding = 6) writeonly buffer Dqkv { float dqkv[]; };

vec4 k[each * quads];
vec4 v[each * quads];
vec4 dk[each * quads];
vec4 dv[each * quads];

void add(uint place) {
  const uint query = min(place, tokens - 1);
  const uint at_q = head_at(query, 3, 0);
  const uint at_slope = head_at(query, 1, 0);
  const float shift = lse[row_at(query)];
  const float mean = delta[row_at(query)];
  vec4 q[quads];
  vec4 slope[quads];
  float p[each];
  float ds[each];
  [[unroll]] for (uint r = 0; r < each; ++r) p[r] = ds[r] = 0;
  [[unroll]] for (uint i = 0; i < quads; ++i) {
    q[i] = LOAD(qkv, qkv4, at_q, OWN(i));
    slope[i] = LOAD(dout, dout4, at_slope, OWN(i));
    [[unroll]] for (uint r = 0; r < each; ++r) {
      p[r] = dot_add(k[r * quads + i], q[i], p[r]);
      ds[r] = dot_add(v[r * quads + i], slope[i], ds[r]);
    }
  }
  [[unroll]] for (uint r = 0; r < each; ++r) {
    p[r] = over_row(p[r]);
    ds[r] = over_row(ds[r]);
    const bool live = place < tokens && (causal == 0 || place >= own_row(r));
    p[r] = live ? exp(p[r] - shift) : 0.0;
    ds[r] = live ? p[r] * (ds[r] - mean) : 0.0;
    [[unroll]] for (uint i = 0; i < quads; ++i) {
      dv[r * quads + i] = fma(vec4(p[r]), slope[i], dv[r * quads + i]);
      dk[r * quads + i] = fma(vec4(ds[r]), q[i], dk[r * quads + i]);
    }
  }
}

void main() {
  // Rows beyond the last repeat it and are not stored: so all invocations read the same queries.
  [[unroll]] for (uint r = 0; r < each; ++r) {
    const uint key = min(own_row(r), tokens - 1);
    [[unroll]] for (uint i = 0; i < quads; ++i) {
      k[r * quads + i] = scale * LOAD(qkv, qkv4, head_at(key, 3, 1), OWN(i));
      v[r * quads + i] = LOAD(qkv, qkv4, head_at(key, 3, 2), OWN(i));
      dk[r * quads + i] = dv[r * quads + i] = vec4(0);
    }
  }
  // No query before the workgroup's first key sees any of them.
  const uint begin = causal == 1 ? group_begin() : 0;
  for (uint query = begin; query < tokens; query += step_rows) {
    [[unroll]] for (uint j = 0; j < step_rows; ++j) add(query + j);
  }
  [[unroll]] for (uint r = 0; r < each; ++r) {
    if (own_row(r) < tokens) {
      const uint to_k = head_at(own_row(r), 3, 1);
      const uint to_v = head_at(own_row(r), 3, 2);
      [[unroll]] for (uint i = 0; i < quads; ++i) {
        STORE(dqkv, to_k, OWN(i), scale * dk[r * quads + i]);
        STORE(dqkv, to_v, OWN(i), dv[r * quads + i]);
      }
    }
  }
}
