// Gradient of CLIP's loss: with z = exp(logit_scale) similarity and
//   g = softmax by rows + softmax by columns - 2 (1 - smoothing) I - 2 smoothing / N,
// dsimilarity = outer g, terms[i] = outer sum_j g_ij similarity_ij, which add up to dlogit_scale,
// outer = dloss exp(logit_scale) / 2 N. A workgroup takes a few rows: common/row.glsl.
//   binding 0  similarity [N, N]  read    binding 1  logit_scale [1]  read
//   binding 2  row_lse [N]  read          binding 3  column_lse [N]  read
//   binding 4  dloss [1]  read            binding 5  dsimilarity [N, N]  written
//   binding 6  terms [N]  written
//   push  rows, columns (both N), smoothing
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer Similarity { float similarity[]; };
layout(std430, binding = 1) readonly buffer LogitScale { float logit_scale[]; };
layout(std430, binding = 2) readonly buffer RowLse { float row_lse[]; };
layout(std430, binding = 3) readonly buffer ColumnLse { float column_lse[]; };
layout(std430, binding = 4) readonly buffer Dloss { float dloss[]; };
layout(std430, binding = 5) writeonly buffer Dsimilarity { float dsimilarity[]; };
layout(std430, binding = 6) writeonly buffer Terms { float terms[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  float smoothing;
};

void main() {
  // Invocations beyond the last row repeat it, since all must reach the barriers.
  const bool live = own_row() < rows;
  const uint row = min(own_row(), rows - 1);
  const uint at = row * columns;
  const float scale = exp(logit_scale[0]);
  const float outer = dloss[0] * scale / (2 * float(columns));
  const float even = 2 * smoothing / float(columns);
  const float lse = row_lse[row];
  float sum = 0;
  for (uint start = lane(); start < columns; start += 64 * row_invocations) {
    const uint stop = min(columns, start + 64 * row_invocations);
    float part = 0;
    for (uint c = start; c < stop; c += row_invocations) {
      const float x = similarity[at + c];
      const float target = even + (c == row ? 2 * (1 - smoothing) : 0.0);
      const float g = exp(scale * x - lse) + exp(scale * x - column_lse[c]) - target;
      if (live) dsimilarity[at + c] = outer * g;
      part = fma(g, x, part);
    }
    sum += part;
  }
  sum = row_sum(sum);
  if (live && lane() == 0) terms[row] = outer * sum;
}
