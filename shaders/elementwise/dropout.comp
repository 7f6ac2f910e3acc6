// y[i] = x[i] * factor, or 0 where random word part * whole + begin + i is below the threshold,
// for elements from `begin` on of `whole`. Word w is word w % 4 of
// philox({w / 4, step low, use, dropout | step high << 8}, seed), see autograd/ops/dropout.h.
// One invocation takes four neighbouring elements; workgroups stride over the rest.
//   binding 0  x     [count]  f32, as vectors of 4
//   binding 1  seed  [5]      i32: seed low, seed high, step low, step high, part
//   binding 2  y     [count]  f32, as vectors of 4  written, to the next multiple of 4; may be
//                             the memory of x
//   push       threshold, factor, use, kind (RandomUse::dropout), whole, begin (a multiple of 4),
//              count
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/philox.glsl"

layout(local_size_x = 128) in;

layout(std430, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, binding = 1) readonly buffer Seed { uint seed[]; };
layout(std430, binding = 2) writeonly buffer Y { vec4 y[]; };
layout(push_constant) uniform Push {
  uint threshold;
  float factor;
  uint use;
  uint kind;
  uint whole;
  uint begin;
  uint count;
};

uvec4 words_of_group(uint group) {
  return philox(uvec4(group, seed[2], use, kind ^ (seed[3] << 8)), uvec2(seed[0], seed[1]));
}

// The four words from 4 group + skipped on, skipped < 4.
uvec4 words_from(uint group, uint skipped) {
  const uvec4 a = words_of_group(group);
  if (skipped == 0) return a;
  const uvec4 b = words_of_group(group + 1);
  if (skipped == 1) return uvec4(a.yzw, b.x);
  if (skipped == 2) return uvec4(a.zw, b.xy);
  return uvec4(a.w, b.xyz);
}

void main() {
  uint high;
  uint low;
  umulExtended(seed[4], whole, high, low);
  const uint first = (high << 30 | low >> 2) + begin / 4;
  const uint groups = (count + 3) / 4;
  for (uint i = gl_GlobalInvocationID.x; i < groups; i += gl_NumWorkGroups.x * 128) {
    const uvec4 words = words_from(first + i, low & 3);
    y[i] = mix(x[i] * factor, vec4(0.0), lessThan(words, uvec4(threshold)));
  }
}
