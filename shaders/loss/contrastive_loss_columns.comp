// Columns' part of CLIP's loss: column_lse[j] = log sum_i exp(z_ij), z = exp(logit_scale)
// similarity, and terms[N + j] = column_lse[j] / 2. An invocation takes one column; sums are fp32,
// 64 rows at a time.
//   binding 0  similarity [N, N]  read    binding 1  logit_scale [1]  read
//   binding 2  column_lse [N]  written    binding 3  terms [2 N], the second half written
//   push  size (N)
#version 450

layout(local_size_x = 32) in;

layout(std430, binding = 0) readonly buffer Similarity { float similarity[]; };
layout(std430, binding = 1) readonly buffer LogitScale { float logit_scale[]; };
layout(std430, binding = 2) writeonly buffer ColumnLse { float column_lse[]; };
layout(std430, binding = 3) writeonly buffer Terms { float terms[]; };
layout(push_constant) uniform Push {
  uint size;
};

void main() {
  const uint c = gl_GlobalInvocationID.x;
  if (c >= size) return;
  const float scale = exp(logit_scale[0]);
  float most = similarity[c];
  for (uint row = 1; row < size; ++row) most = max(most, similarity[row * size + c]);
  most *= scale;
  float sum = 0;
  for (uint start = 0; start < size; start += 64) {
    const uint stop = min(size, start + 64);
    float part = 0;
    for (uint row = start; row < stop; ++row) {
      part += exp(scale * similarity[row * size + c] - most);
    }
    sum += part;
  }
  const float lse = most + log(sum);
  column_lse[c] = lse;
  terms[size + c] = 0.5 * lse;
}
