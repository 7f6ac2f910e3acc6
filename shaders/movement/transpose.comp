// y, in row-major order of the loops (core/permute.h), from a strided x of 32-bit words.
// One workgroup takes 512 elements of y at a time and strides over the rest.
//   binding 0  x  words
//   binding 1  y  [count]  words  written
//   constant 0  rank: number of loops, 1 to 6
//   constant 1  wide: 1 where sizes, strides and the count are in vectors of four words
//   push       size and stride of each loop, outermost first, and the two words that divide by
//              its size (common/division.glsl); count
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/division.glsl"

layout(local_size_x = 128) in;

layout(constant_id = 0) const uint rank = 1;
layout(constant_id = 1) const uint wide = 0;

layout(std430, binding = 0) readonly buffer X { uint x[]; };
layout(std430, binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(std430, binding = 1) writeonly buffer Y { uint y[]; };
layout(std430, binding = 1) writeonly buffer Y4 { uvec4 y4[]; };
layout(push_constant) uniform Push {
  uint size[6];
  uint stride[6];
  uint multiplier[6];
  uint shift[6];
  uint count;
};

void main() {
  for (uint base = gl_WorkGroupID.x * 512; base < count; base += gl_NumWorkGroups.x * 512) {
    for (uint turn = 0; turn < 4; ++turn) {
      const uint i = base + turn * 128 + gl_LocalInvocationID.x;
      if (i >= count) continue;
      uint left = i;
      uint from = 0;
      for (uint loop = rank - 1; loop > 0; --loop) {
        const uint outer = quotient(left, multiplier[loop], shift[loop]);
        from += (left - outer * size[loop]) * stride[loop];
        left = outer;
      }
      from += left * stride[0];
      if (wide == 1) {
        y4[i] = x4[from];
      } else {
        y[i] = x[from];
      }
    }
  }
}
