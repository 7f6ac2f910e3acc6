// dx = y (dy - sum(y dy)) by row. A workgroup takes a few rows: common/row.glsl.
//   binding 0  y [rows, columns]  read   binding 1  dy [rows, columns]  read
//   binding 2  dx [rows, columns]  written
//   push  rows, columns
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer Y { float y[]; };
layout(std430, binding = 1) readonly buffer Dy { float dy[]; };
layout(std430, binding = 2) writeonly buffer Dx { float dx[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
};

void main() {
  // Invocations beyond the last row repeat it, since all must reach the barriers.
  const bool live = own_row() < rows;
  const uint at = min(own_row(), rows - 1) * columns;
  float sum;
  SUM_OVER_COLUMNS(sum, c, y[at + c] * dy[at + c]);
  if (!live) return;
  for (uint c = lane(); c < columns; c += row_invocations) {
    dx[at + c] = y[at + c] * (dy[at + c] - sum);
  }
}
