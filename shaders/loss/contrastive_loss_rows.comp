// Rows' part of CLIP's loss: row_lse[i] = log sum_j exp(z_ij), z = exp(logit_scale) similarity, and
// terms[i] = row_lse[i] / 2 - (1 - smoothing) z_ii - smoothing mean_j(z_ij).
// A workgroup takes a few rows: common/row.glsl.
//   binding 0  similarity [N, N]  read    binding 1  logit_scale [1]  read
//   binding 2  row_lse [N]  written       binding 3  terms [2 N], the first half written
//   push  rows, columns (both N), smoothing
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"

layout(std430, binding = 0) readonly buffer Similarity { float similarity[]; };
layout(std430, binding = 1) readonly buffer LogitScale { float logit_scale[]; };
layout(std430, binding = 2) writeonly buffer RowLse { float row_lse[]; };
layout(std430, binding = 3) writeonly buffer Terms { float terms[]; };
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
  float most = similarity[at];
  for (uint c = lane(); c < columns; c += row_invocations) most = max(most, similarity[at + c]);
  most = row_max(most) * scale;
  float sum;
  SUM_OVER_COLUMNS(sum, c, exp(scale * similarity[at + c] - most));
  float given = (1 - smoothing) * similarity[at + row];
  if (smoothing > 0) {
    float all;
    SUM_OVER_COLUMNS(all, c, similarity[at + c]);
    given += smoothing / float(columns) * all;
  }
  if (!live || lane() != 0) return;
  const float lse = most + log(sum);
  row_lse[row] = lse;
  terms[row] = 0.5 * lse - scale * given;
}
