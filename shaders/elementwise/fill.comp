// y[i] = value for every i < count: sets 32-bit words, whatever their type.
// One workgroup sets 128 words at a time and strides over the rest.
//   binding 0  y  [count]  written
//   push       value (the word's bits), count
#version 450

layout(local_size_x = 128) in;

layout(std430, binding = 0) writeonly buffer Y { uint y[]; };
layout(push_constant) uniform Push {
  uint value;
  uint count;
};

void main() {
  const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint i = gl_GlobalInvocationID.x; i < count; i += stride) y[i] = value;
}
