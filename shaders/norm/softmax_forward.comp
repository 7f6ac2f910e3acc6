// y = exp(x - max(x)) / sum(exp(x - max(x))) by row. A workgroup takes a few rows: common/row.glsl.
//   binding 0  x [rows, columns]  read   binding 1  y [rows, columns]  written
//   push  rows, columns
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
};

void main() {
  // Invocations beyond the last row repeat it, since all must reach the barriers.
  const bool live = own_row() < rows;
  const uint at = min(own_row(), rows - 1) * columns;
  float most = x[at];
  for (uint c = lane(); c < columns; c += row_invocations) most = max(most, x[at + c]);
  most = row_max(most);
  float sum;
  SUM_OVER_COLUMNS(sum, c, exp(x[at + c] - most));
  if (!live) return;
  for (uint c = lane(); c < columns; c += row_invocations) y[at + c] = exp(x[at + c] - most) / sum;
}
