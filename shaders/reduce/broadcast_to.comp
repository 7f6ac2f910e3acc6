// y[o, l, i] = factor * x[o, i].
// One workgroup takes 512 elements of y at a time and strides over the rest.
//   binding 0  x  [outer, inner]          f32
//   binding 1  y  [outer, length, inner]  f32  written
//   constant 0  wide: 1 where inner and the count are in vectors of four elements
//   push       length, inner, each followed by the two words that divide by it, factor,
//              count = outer * length * inner
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/division.glsl"

layout(local_size_x = 128) in;

layout(constant_id = 0) const uint wide = 0;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 0) readonly buffer X4 { vec4 x4[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
layout(std430, binding = 1) writeonly buffer Y4 { vec4 y4[]; };
layout(push_constant) uniform Push {
  uint length_;
  uint length_multiplier;
  uint length_shift;
  uint inner;
  uint inner_multiplier;
  uint inner_shift;
  float factor;
  uint count;
};

void main() {
  for (uint base = gl_WorkGroupID.x * 512; base < count; base += gl_NumWorkGroups.x * 512) {
    for (uint turn = 0; turn < 4; ++turn) {
      const uint i = base + turn * 128 + gl_LocalInvocationID.x;
      if (i >= count) continue;
      const uint row = quotient(i, inner_multiplier, inner_shift);
      const uint from = quotient(row, length_multiplier, length_shift) * inner + (i - row * inner);
      if (wide == 1) {
        y4[i] = x4[from] * factor;
      } else {
        y[i] = x[from] * factor;
      }
    }
  }
}
