// dx[i] = activation'(x[i]) dy[i]
// One workgroup takes 512 elements, four to an invocation, and strides over the rest.
//   binding 0  x   [count]  read
//   binding 1  dy  [count]  read
//   binding 2  dx  [count]  written; may be x or dy
//   constant 0  activation: 1 to 6 (core/activation.h)
//   push       count
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/activation.glsl"

layout(local_size_x = 128) in;
layout(constant_id = 0) const uint kind = 1;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) readonly buffer DY { float dy[]; };
layout(std430, binding = 2) writeonly buffer DX { float dx[]; };
layout(push_constant) uniform Push { uint count; };

void main() {
  const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint i = gl_GlobalInvocationID.x; i < count; i += stride) {
    dx[i] = derivative(kind, x[i]) * dy[i];
  }
}
