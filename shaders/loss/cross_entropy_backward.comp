// dx = (exp(x - lse) - (1 - smoothing) onehot(label) - smoothing / columns) dloss / counted by row,
// zero in an ignored row. A workgroup takes a few rows: common/row.glsl.
//   binding 0  x [rows, columns]  read    binding 1  labels [rows]  read
//   binding 2  lse [rows]  read           binding 3  counted [1]  read
//   binding 4  dloss [1]  read            binding 5  dx [rows, columns]  written
//   push  rows, columns, ignored label, smoothing
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) readonly buffer Labels { int labels[]; };
layout(std430, binding = 2) readonly buffer Lse { float lse[]; };
layout(std430, binding = 3) readonly buffer Counted { float counted[]; };
layout(std430, binding = 4) readonly buffer Dloss { float dloss[]; };
layout(std430, binding = 5) writeonly buffer Dx { float dx[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  int ignored;
  float smoothing;
};

void main() {
  const uint row = own_row();
  if (row >= rows) return;
  const uint at = row * columns;
  const int label = labels[row];
  const float shift = lse[row];
  const float factor = label == ignored ? 0.0 : dloss[0] / counted[0];
  const float even = smoothing / float(columns);
  for (uint c = lane(); c < columns; c += row_invocations) {
    const float target = even + (int(c) == label ? 1 - smoothing : 0.0);
    dx[at + c] = factor * (exp(x[at + c] - shift) - target);
  }
}
