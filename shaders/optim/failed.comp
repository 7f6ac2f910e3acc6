// Holds updates back after a step whose numbers were not finite (autograd/ops/failure.h), by one
// invocation.
//   binding 0  loss    [1]  f32
//   binding 1  norm    [1]  f32, of the gradients
//   binding 2  factor  [1]  f32: one over the loss scale
//   binding 3  failed  [1]  f32  set to 1 where the step failed
#version 450

layout(local_size_x = 1) in;

layout(std430, binding = 0) readonly buffer Loss { float loss[]; };
layout(std430, binding = 1) readonly buffer Norm { float norm[]; };
layout(std430, binding = 2) readonly buffer Factor { float factor[]; };
layout(std430, binding = 3) buffer Failed { float failed[]; };

// By the bits, since a compiler may take every number for finite.
bool finite(float x) { return (floatBitsToUint(x) & 0x7f800000u) != 0x7f800000u; }

void main() {
  if (!finite(loss[0]) || (!finite(norm[0]) && factor[0] >= 1.0)) failed[0] = 1.0;
}
