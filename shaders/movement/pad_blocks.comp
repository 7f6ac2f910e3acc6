// y[n, j] = x[n, j - first] where first <= j < first + length, else 0: the gradient of a slice.
// One workgroup takes 512 elements of y at a time and strides over the rest.
//   binding 0  x  [blocks, length]     words
//   binding 1  y  [blocks, to_length]  words  written
//   constant 0  wide: 1 where sizes, places and the count are in vectors of four words
//   push       length, first, to_length and the two words that divide by it,
//              count = blocks * to_length
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
  uint first;
  uint to_length;
  uint to_multiplier;
  uint to_shift;
  uint count;
};

void main() {
  for (uint base = gl_WorkGroupID.x * 512; base < count; base += gl_NumWorkGroups.x * 512) {
    for (uint turn = 0; turn < 4; ++turn) {
      const uint i = base + turn * 128 + gl_LocalInvocationID.x;
      if (i >= count) continue;
      const uint block = quotient(i, to_multiplier, to_shift);
      const uint at = i - block * to_length - first;  // wraps below first, so one test will do
      const uint from = block * length_ + at;
      const bool inside = at < length_;
      if (wide == 1) {
        y4[i] = inside ? x4[from] : uvec4(0);
      } else {
        y[i] = inside ? x[from] : 0;
      }
    }
  }
}
