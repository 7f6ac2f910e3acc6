// y[i] = epilogue(x[0, i] + x[1, i] + ...): adds the parts of a product in order, then finishes.
// One workgroup makes 128 elements and strides over the rest.
//   binding 0  x  [parts, count], `stride` floats from part to part  read
//   binding 1  unused (any buffer)
//   bindings 2 to 5 and constants 1 to 4: common/matmul_epilogue.glsl
//   constant 0  unused
//   push  count, n, parts, stride
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common/matmul_epilogue.glsl"

layout(local_size_x = 128) in;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(push_constant) uniform Push {
  uint count;
  uint n;
  uint parts;
  uint part_stride;
};

void main() {
  const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint at = gl_GlobalInvocationID.x; at < count; at += stride) {
    float sum = x[at];
    for (uint part = 1; part < parts; ++part) sum += x[part * part_stride + at];
    finish(at, at % n, sum);
  }
}
