// y[k, t, c] = x[k, c] where t = clamp(index[k], 0, rows - 1), else 0: the gradient of a row
// gathered from every sample.
// One workgroup takes 512 elements of y at a time and strides over the rest.
//   binding 0  x      [samples, columns]        words
//   binding 1  index  [samples]                 i32
//   binding 2  y      [samples, rows, columns]  words  written
//   constant 0  wide: 1 where sizes, places and the count are in vectors of four words
//   push       rows, columns, each followed by the two words that divide by it,
//              count = samples * rows * columns
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/division.glsl"

layout(local_size_x = 128) in;

layout(constant_id = 0) const uint wide = 0;

layout(std430, binding = 0) readonly buffer X { uint x[]; };
layout(std430, binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(std430, binding = 1) readonly buffer Index { int index[]; };
layout(std430, binding = 2) writeonly buffer Y { uint y[]; };
layout(std430, binding = 2) writeonly buffer Y4 { uvec4 y4[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint rows_multiplier;
  uint rows_shift;
  uint columns;
  uint columns_multiplier;
  uint columns_shift;
  uint count;
};

void main() {
  for (uint base = gl_WorkGroupID.x * 512; base < count; base += gl_NumWorkGroups.x * 512) {
    for (uint turn = 0; turn < 4; ++turn) {
      const uint i = base + turn * 128 + gl_LocalInvocationID.x;
      if (i >= count) continue;
      const uint row = quotient(i, columns_multiplier, columns_shift);  // of [samples, rows]
      const uint sample_ = quotient(row, rows_multiplier, rows_shift);
      const bool here = row - sample_ * rows == uint(clamp(index[sample_], 0, int(rows) - 1));
      const uint from = sample_ * columns + (i - row * columns);
      if (wide == 1) {
        y4[i] = here ? x4[from] : uvec4(0);
      } else {
        y[i] = here ? x[from] : 0;
      }
    }
  }
}
