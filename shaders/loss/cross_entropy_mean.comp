// counted = sum of counts, loss = sum of terms / counted, fp32. One workgroup: common/row.glsl.
//   binding 0  terms [columns]  read   binding 1  counts [columns]  read
//   binding 2  loss [1]  written       binding 3  counted [1]  written
//   push  rows (1), columns
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer Terms { float terms[]; };
layout(std430, binding = 1) readonly buffer Counts { float counts[]; };
layout(std430, binding = 2) writeonly buffer Loss { float loss[]; };
layout(std430, binding = 3) writeonly buffer Counted { float counted[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
};

void main() {
  float sum;
  float count;
  SUM_OVER_COLUMNS(sum, c, terms[c]);
  SUM_OVER_COLUMNS(count, c, counts[c]);
  if (own_row() != 0 || lane() != 0) return;
  loss[0] = sum / count;
  counted[0] = count;
}
