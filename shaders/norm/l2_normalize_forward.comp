// y = x / max(|x|, epsilon) by row. A workgroup takes a few rows: common/row.glsl.
//   binding 0  x [rows, columns]  read   binding 1  y [rows, columns]  written
//   push  rows, columns, epsilon
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  float epsilon;
};

void main() {
  // Invocations beyond the last row repeat it, since all must reach the barriers.
  const bool live = own_row() < rows;
  const uint at = min(own_row(), rows - 1) * columns;
  float squares;
  SUM_OVER_COLUMNS(squares, c, x[at + c] * x[at + c]);
  const float norm = sqrt(squares);
  const float inverse = 1 / (norm < epsilon ? epsilon : norm);
  if (!live) return;
  for (uint c = lane(); c < columns; c += row_invocations) y[at + c] = x[at + c] * inverse;
}
