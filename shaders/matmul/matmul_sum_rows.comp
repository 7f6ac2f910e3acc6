// sums[p, c] = sum of x[r, c] over the rows r of part p, in order.
// One workgroup of 64 takes 64 columns of one part, and strides over the rest.
//   binding 0  x     [rows, columns], `row_stride` elements from row to row  read
//   binding 1  sums  [parts, columns]  written
//   constant 0  elements of x: 0 f32, 1 bf16, 2 f16
//   push  rows, columns, row_stride, part_rows, parts
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/half.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint element_kind = 0;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 0) readonly buffer XWords { uint x_words[]; };
layout(std430, binding = 1) writeonly buffer Sums { float sums[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  uint row_stride;
  uint part_rows;
  uint parts;
};

float element(uint at) {
  if (element_kind == 0) return x[at];
  const uint bits = (x_words[at / 2] >> (16 * (at % 2))) & 0xffffu;
  return element_kind == 1 ? float_from_bf16(bits) : float_from_f16(bits);
}

void main() {
  const uint across = (columns + 63) / 64;
  for (uint group = gl_WorkGroupID.x; group < across * parts; group += gl_NumWorkGroups.x) {
    const uint column = group % across * 64 + gl_LocalInvocationID.x;
    if (column >= columns) continue;
    const uint part = group / across;
    const uint end = min((part + 1) * part_rows, rows);
    float sum = 0;
    for (uint row = part * part_rows; row < end; ++row) sum += element(row * row_stride + column);
    sums[part * columns + column] = sum;
  }
}
