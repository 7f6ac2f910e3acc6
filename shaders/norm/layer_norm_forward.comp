// y = gamma (x - mean) rstd + beta by row, rstd = 1 / sqrt(variance + epsilon)
// (Ba, Kiros & Hinton 2016, section 3). A workgroup takes a few rows: common/row.glsl.
//   binding 0  x [rows, columns]  read   binding 1  gamma [columns]  read
//   binding 2  beta [columns]     read   binding 3  y [rows, columns]  written
//   binding 4  mean [rows]  written      binding 5  rstd [rows]  written
//   push  rows, columns, epsilon
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) readonly buffer Gamma { float gamma[]; };
layout(std430, binding = 2) readonly buffer Beta { float beta[]; };
layout(std430, binding = 3) writeonly buffer Y { float y[]; };
layout(std430, binding = 4) writeonly buffer Mean { float means[]; };
layout(std430, binding = 5) writeonly buffer Rstd { float rstds[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  float epsilon;
};

void main() {
  // Invocations beyond the last row repeat it, since all must reach the barriers.
  const bool live = own_row() < rows;
  const uint row = min(own_row(), rows - 1);
  const uint at = row * columns;
  float mean;
  float variance;
  SUM_OVER_COLUMNS(mean, c, x[at + c]);
  mean /= float(columns);
  SUM_OVER_COLUMNS(variance, c, (x[at + c] - mean) * (x[at + c] - mean));
  const float rstd = 1 / sqrt(variance / float(columns) + epsilon);
  if (!live) return;
  for (uint c = lane(); c < columns; c += row_invocations) {
    y[at + c] = fma((x[at + c] - mean) * rstd, gamma[c], beta[c]);
  }
  if (lane() == 0) {
    means[row] = mean;
    rstds[row] = rstd;
  }
}
