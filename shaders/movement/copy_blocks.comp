// Copies 32-bit words in blocks: block n, word j goes from from_first + n from_stride + j to
// to_first + n to_stride + j. Serves concat, slice and pack.
// One workgroup takes 512 words at a time and strides over the rest.
//   binding 0  x  words
//   binding 1  y  words  written
//   constant 0  wide: 1 where sizes, places and the count are in vectors of four words
//   push       length of a block, the two words that divide by it, from_first,
//              from_stride, to_first, to_stride, count of all words
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/division.glsl"

layout(local_size_x = 128) in;

layout(constant_id = 0) const uint wide = 0;

layout(std430, binding = 0) readonly buffer X { uint x[]; };
layout(std430, binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(std430, binding = 1) writeonly buffer Y { uint y[]; };
layout(std430, binding = 1) writeonly buffer Y4 { uvec4 y4[]; };
layout(push_constant) uniform Push {
  uint length_;
  uint length_multiplier;
  uint length_shift;
  uint from_first;
  uint from_stride;
  uint to_first;
  uint to_stride;
  uint count;
};

void main() {
  for (uint base = gl_WorkGroupID.x * 512; base < count; base += gl_NumWorkGroups.x * 512) {
    for (uint turn = 0; turn < 4; ++turn) {
      const uint i = base + turn * 128 + gl_LocalInvocationID.x;
      if (i >= count) continue;
      const uint block = quotient(i, length_multiplier, length_shift);
      const uint at = i - block * length_;
      const uint from = from_first + block * from_stride + at;
      const uint to = to_first + block * to_stride + at;
      if (wide == 1) {
        y4[to] = x4[from];
      } else {
        y[to] = x[from];
      }
    }
  }
}
