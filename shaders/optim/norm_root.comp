// norm = sqrt(sum of 256 sums), added in order by one invocation: the last pass of the norm.
//   binding 0  sums  [256]  f32
//   binding 1  norm  [1]    f32  written
#version 450

layout(local_size_x = 1) in;

layout(std430, binding = 0) readonly buffer Sums { float sums[]; };
layout(std430, binding = 1) writeonly buffer Norm { float norm[]; };

void main() {
  float sum = 0.0;
  for (uint i = 0; i < 256; ++i) sum += sums[i];
  norm[0] = sum > 0.0 ? sqrt(sum) : sum;  // zero and NaN as they are
}
