// y[i] = activation(x[i])
// One workgroup takes 512 elements, four to an invocation, and strides over the rest.
//   binding 0  x  [count]  read
//   binding 1  y  [count]  written; may be x
//   constant 0  activation: 1 to 6 (core/activation.h)
//   push       count
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/activation.glsl"

layout(local_size_x = 128) in;
layout(constant_id = 0) const uint kind = 1;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { uint count; };

void main() {
  const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint i = gl_GlobalInvocationID.x; i < count; i += stride) y[i] = activate(kind, x[i]);
}
