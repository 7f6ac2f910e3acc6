// y[i] = epilogue(x[0, i] + x[1, i] + ...): adds the parts of a product in order, then finishes.
// One workgroup makes 128 elements, or pairs of them where any are stored in 16 bits, and strides
// over the rest.
//   binding 0  x  [parts, count], `stride` floats from part to part  read
//   binding 1  unused (any buffer)
//   bindings 2 to 5 and constants 1 to 4, 12, 13: common/matmul_epilogue.glsl
//   constants 0, 5 to 11  unused
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

float sum_of(uint at) {
  float sum = x[at];
  for (uint part = 1; part < parts; ++part) sum += x[part * part_stride + at];
  return sum;
}

void main() {
  const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  if (y_kind == 0 && pre_kind == 0) {
    for (uint at = gl_GlobalInvocationID.x; at < count; at += stride) {
      finish(at, at % n, sum_of(at));
    }
    return;
  }
  for (uint at = 2 * gl_GlobalInvocationID.x; at < count; at += 2 * stride) {
    const bool both = at + 1 < count;
    const vec2 pair = vec2(sum_of(at), both ? sum_of(at + 1) : 0.0);
    finish_pair(at, uvec2(at % n, (at + 1) % n), pair, both);
  }
}
