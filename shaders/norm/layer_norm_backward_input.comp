// dx = rstd (g - mean(g) - xhat mean(g xhat)) by row, g = gamma dy, xhat = (x - mean) rstd.
// A workgroup takes a few rows: common/row.glsl.
//   binding 0  x [rows, columns]  read   binding 1  gamma [columns]  read
//   binding 2  mean [rows]  read         binding 3  rstd [rows]  read
//   binding 4  dy [rows, columns]  read  binding 5  dx [rows, columns]  written
//   push  rows, columns
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) readonly buffer Gamma { float gamma[]; };
layout(std430, binding = 2) readonly buffer Mean { float means[]; };
layout(std430, binding = 3) readonly buffer Rstd { float rstds[]; };
layout(std430, binding = 4) readonly buffer Dy { float dy[]; };
layout(std430, binding = 5) writeonly buffer Dx { float dx[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
};

void main() {
  // Invocations beyond the last row repeat it, since all must reach the barriers.
  const bool live = own_row() < rows;
  const uint row = min(own_row(), rows - 1);
  const uint at = row * columns;
  const float mean = means[row];
  const float rstd = rstds[row];
  float sum_g = 0;
  float sum_gx = 0;
  for (uint start = lane(); start < columns; start += 64 * row_invocations) {
    const uint stop = min(columns, start + 64 * row_invocations);
    float part_g = 0;
    float part_gx = 0;
    for (uint c = start; c < stop; c += row_invocations) {
      const float g = dy[at + c] * gamma[c];
      part_g += g;
      part_gx = fma(g, (x[at + c] - mean) * rstd, part_gx);
    }
    sum_g += part_g;
    sum_gx += part_gx;
  }
  const float mean_g = row_sum(sum_g) / float(columns);
  const float mean_gx = row_sum(sum_gx) / float(columns);
  if (!live) return;
  for (uint c = lane(); c < columns; c += row_invocations) {
    const float normal = (x[at + c] - mean) * rstd;
    dx[at + c] = rstd * (dy[at + c] * gamma[c] - mean_g - normal * mean_gx);
  }
}
