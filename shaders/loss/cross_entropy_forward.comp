// lse[r] = log sum_c exp(x[r, c]); terms[r] = lse - (1 - smoothing) x[r, label] - smoothing mean(x),
// zero in an ignored row and NaN where the label is not a column; counts[r] = 1, or 0 in an ignored
// row. A workgroup takes a few rows: common/row.glsl.
//   binding 0  x [rows, columns]  read    binding 1  labels [rows]  read
//   binding 2  lse [rows]  written        binding 3  terms [rows]  written
//   binding 4  counts [rows]  written
//   push  rows, columns, ignored label, smoothing
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) readonly buffer Labels { int labels[]; };
layout(std430, binding = 2) writeonly buffer Lse { float lse[]; };
layout(std430, binding = 3) writeonly buffer Terms { float terms[]; };
layout(std430, binding = 4) writeonly buffer Counts { float counts[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  int ignored;
  float smoothing;
};

void main() {
  // Invocations beyond the last row repeat it, since all must reach the barriers.
  const bool live = own_row() < rows;
  const uint row = min(own_row(), rows - 1);
  const uint at = row * columns;
  float most = x[at];
  for (uint c = lane(); c < columns; c += row_invocations) most = max(most, x[at + c]);
  most = row_max(most);
  float sum;
  SUM_OVER_COLUMNS(sum, c, exp(x[at + c] - most));
  float all = 0;
  if (smoothing > 0) SUM_OVER_COLUMNS(all, c, x[at + c]);
  if (!live || lane() != 0) return;
  const int label = labels[row];
  const bool known = label >= 0 && label < int(columns);
  const float target = known ? x[at + uint(label)] : uintBitsToFloat(0x7fc00000u);
  const float value = most + log(sum);
  lse[row] = value;
  const float loss = value - (1 - smoothing) * target - smoothing * (all / float(columns));
  terms[row] = label == ignored ? 0.0 : loss;
  counts[row] = label == ignored ? 0.0 : 1.0;
}
