// y[k, c] = x[k * stride + clamp(index[k], 0, rows - 1), c]: a row of every sample (stride = rows)
// or rows of one table (stride 0).
// One workgroup takes 512 elements of y at a time and strides over the rest.
//   binding 0  x      [.., columns]      words: rows from `begin` to `end` of all; where another
//                                        row is wanted, y is left as it is
//   binding 1  index  [samples]          i32
//   binding 2  y      [samples, columns] words  written
//   constant 0  wide: 1 where sizes, places and the count are in vectors of four words
//   push       rows, stride, columns and the two words that divide by it, begin, end,
//              count = samples * columns
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
  uint stride;
  uint columns;
  uint columns_multiplier;
  uint columns_shift;
  uint begin;
  uint end;
  uint count;
};

void main() {
  for (uint base = gl_WorkGroupID.x * 512; base < count; base += gl_NumWorkGroups.x * 512) {
    for (uint turn = 0; turn < 4; ++turn) {
      const uint i = base + turn * 128 + gl_LocalInvocationID.x;
      if (i >= count) continue;
      const uint sample_ = quotient(i, columns_multiplier, columns_shift);
      const uint row = sample_ * stride + uint(clamp(index[sample_], 0, int(rows) - 1));
      if (row < begin || row >= end) continue;
      const uint from = (row - begin) * columns + (i - sample_ * columns);
      if (wide == 1) {
        y4[i] = x4[from];
      } else {
        y[i] = x[from];
      }
    }
  }
}
