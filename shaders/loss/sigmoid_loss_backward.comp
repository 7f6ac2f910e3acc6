// Gradient of SigLIP's loss: with l = exp(logit_scale) similarity + logit_bias, z = 1 on the
// diagonal, else -1, and dl = -z sigmoid(-z l) dloss / N,
//   dsimilarity = exp(logit_scale) dl
//   terms[i] = sum_j dl_ij exp(logit_scale) similarity_ij     add up to dlogit_scale
//   terms[N + i] = sum_j dl_ij                                add up to dlogit_bias
// A workgroup takes a few rows: common/row.glsl.
//   binding 0  similarity [N, N]  read   binding 1  logit_scale [1]  read
//   binding 2  logit_bias [1]  read      binding 3  dloss [1]  read
//   binding 4  dsimilarity [N, N]  written   binding 5  terms [2 N]  written
//   push  rows, columns (both N)
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/row.glsl"
#include "common/softplus.glsl"

layout(std430, binding = 0) readonly buffer Similarity { float similarity[]; };
layout(std430, binding = 1) readonly buffer LogitScale { float logit_scale[]; };
layout(std430, binding = 2) readonly buffer LogitBias { float logit_bias[]; };
layout(std430, binding = 3) readonly buffer Dloss { float dloss[]; };
layout(std430, binding = 4) writeonly buffer Dsimilarity { float dsimilarity[]; };
layout(std430, binding = 5) writeonly buffer Terms { float terms[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
};

void main() {
  // Invocations beyond the last row repeat it, since all must reach the barriers.
  const bool live = own_row() < rows;
  const uint row = min(own_row(), rows - 1);
  const uint at = row * columns;
  const float scale = exp(logit_scale[0]);
  const float bias = logit_bias[0];
  const float mean = dloss[0] / float(columns);
  float sum_scale = 0;
  float sum_bias = 0;
  for (uint start = lane(); start < columns; start += 64 * row_invocations) {
    const uint stop = min(columns, start + 64 * row_invocations);
    float part_scale = 0;
    float part_bias = 0;
    for (uint c = start; c < stop; c += row_invocations) {
      const float x = similarity[at + c];
      const float sign = c == row ? -1.0 : 1.0;
      const float slope = sign * sigmoid(sign * (scale * x + bias));
      if (live) dsimilarity[at + c] = mean * scale * slope;
      part_scale = fma(slope, x, part_scale);
      part_bias += slope;
    }
    sum_scale += part_scale;
    sum_bias += part_bias;
  }
  sum_scale = row_sum(sum_scale);
  sum_bias = row_sum(sum_bias);
  if (live && lane() == 0) {
    terms[row] = mean * scale * sum_scale;
    terms[columns + row] = mean * sum_bias;
  }
}
