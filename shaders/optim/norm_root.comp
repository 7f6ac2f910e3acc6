// norm = sqrt(sum of 256 sums), added in order by one invocation: the last pass of the norm. NaN
// where the loss is not finite.
//   binding 0  sums  [256]  f32
//   binding 1  loss  [1]    f32
//   binding 2  norm  [1]    f32  written
#version 450

layout(local_size_x = 1) in;

layout(std430, binding = 0) readonly buffer Sums { float sums[]; };
layout(std430, binding = 1) readonly buffer Loss { float loss[]; };
layout(std430, binding = 2) writeonly buffer Norm { float norm[]; };

void main() {
  float sum = 0.0;
  for (uint i = 0; i < 256; ++i) sum += sums[i];
  sum = sum > 0.0 ? sqrt(sum) : sum;  // zero and NaN as they are
  // By the bits, since a compiler may take every number for finite.
  const bool finite = (floatBitsToUint(loss[0]) & 0x7f800000u) != 0x7f800000u;
  norm[0] = finite ? sum : uintBitsToFloat(0x7fc00000u);
}
