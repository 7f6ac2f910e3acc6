// dx = (dy - y sum(y dy)) / r by row, y = x / r, r = max(|x|, epsilon); dy / r where |x| < epsilon.
// A workgroup takes a few rows: common/row.glsl.
//   binding 0  x [rows, columns]  read   binding 1  dy [rows, columns]  read
//   binding 2  dx [rows, columns]  written
//   push  rows, columns, epsilon
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) readonly buffer Dy { float dy[]; };
layout(std430, binding = 2) writeonly buffer Dx { float dx[]; };
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
  float along;
  SUM_OVER_COLUMNS(squares, c, x[at + c] * x[at + c]);
  const float norm = sqrt(squares);
  const float inverse = 1 / (norm < epsilon ? epsilon : norm);
  SUM_OVER_COLUMNS(along, c, x[at + c] * inverse * dy[at + c]);
  const float share = norm < epsilon ? 0.0 : along * inverse;
  if (!live) return;
  for (uint c = lane(); c < columns; c += row_invocations) {
    dx[at + c] = (dy[at + c] - x[at + c] * share) * inverse;
  }
}
