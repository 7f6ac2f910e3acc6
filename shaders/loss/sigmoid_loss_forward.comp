// terms[i] = sum_j log(1 + exp(-z_ij l_ij)) with l = exp(logit_scale) similarity + logit_bias and
// z = 1 on the diagonal, else -1. A workgroup takes a few rows: common/row.glsl.
//   binding 0  similarity [N, N]  read   binding 1  logit_scale [1]  read
//   binding 2  logit_bias [1]  read      binding 3  terms [N]  written
//   push  rows, columns (both N)
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"
#include "common/softplus.glsl"

layout(std430, binding = 0) readonly buffer Similarity { float similarity[]; };
layout(std430, binding = 1) readonly buffer LogitScale { float logit_scale[]; };
layout(std430, binding = 2) readonly buffer LogitBias { float logit_bias[]; };
layout(std430, binding = 3) writeonly buffer Terms { float terms[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
};

void main() {
  // Invocations beyond the last row repeat it, since all must reach the barriers.
  const uint row = min(own_row(), rows - 1);
  const float scale = exp(logit_scale[0]);
  const float bias = logit_bias[0];
  float sum;
  SUM_OVER_COLUMNS(sum, c, softplus((c == row ? -1.0 : 1.0) *
                                    (scale * similarity[row * columns + c] + bias)));
  if (own_row() < rows && lane() == 0) terms[row] = sum;
}
