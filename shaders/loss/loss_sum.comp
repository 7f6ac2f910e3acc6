// result[0] = factor * sum of terms[first, first + columns), fp32.
// One workgroup, which sees them as one row: common/row.glsl.
//   binding 0  terms  read   binding 1  result [1]  written
//   push  rows (1), columns, first, factor
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer Terms { float terms[]; };
layout(std430, binding = 1) writeonly buffer Result { float result[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  uint first;
  float factor;
};

void main() {
  float sum;
  SUM_OVER_COLUMNS(sum, c, terms[first + c]);
  if (own_row() == 0 && lane() == 0) result[0] = factor * sum;
}
