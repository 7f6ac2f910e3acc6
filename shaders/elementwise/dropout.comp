// y[i] = x[i] * factor, or 0 where random word i is below the threshold. Word i is word i % 4 of
// philox({i / 4, step low, use, dropout | step high << 8}, seed), see autograd/ops/dropout.h.
// One invocation takes four neighbouring elements; workgroups stride over the rest.
//   binding 0  x     [count]  f32, as vectors of 4
//   binding 1  seed  [4]      i32: seed low, seed high, step low, step high
//   binding 2  y     [count]  f32, as vectors of 4  written, to the next multiple of 4; may be
//                             the memory of x
//   push       threshold, factor, use, kind (RandomUse::dropout), count
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
  uint count;
};

void main() {
  const uint groups = (count + 3) / 4;
  for (uint i = gl_GlobalInvocationID.x; i < groups; i += gl_NumWorkGroups.x * 128) {
    const uvec4 words =
        philox(uvec4(i, seed[2], use, kind ^ (seed[3] << 8)), uvec2(seed[0], seed[1]));
    y[i] = mix(x[i] * factor, vec4(0.0), lessThan(words, uvec4(threshold)));
  }
}
