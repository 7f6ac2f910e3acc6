// y[i] += factor * x[i], 32-bit words that wrap: exact, for tests of the backend itself.
// One workgroup takes `threads` words at a time and strides over the rest.
//   binding 0  x  [count]  read
//   binding 1  y  [count]  read and written
//   constant 0  threads: 1 to 128      constant 1  factor: any
//   push       count
#version 450

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint factor = 1;

layout(std430, binding = 0) readonly buffer X { uint x[]; };
layout(std430, binding = 1) buffer Y { uint y[]; };
layout(push_constant) uniform Push { uint count; };

void main() {
  const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint i = gl_GlobalInvocationID.x; i < count; i += stride) y[i] += factor * x[i];
}
