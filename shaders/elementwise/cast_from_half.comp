// y[i] = x[i], 16-bit numbers two to a word, as floats.
// One invocation reads one word; workgroups stride over the rest.
//   binding 0  x  [(count + 1) / 2]  words: element 2 i in the low half
//   binding 1  y  [count]            f32  written
//   constant 0  format: 0 bf16, 1 f16
//   push       count of elements
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/half.glsl"

layout(local_size_x = 128) in;

layout(constant_id = 0) const uint format = 0;

layout(std430, binding = 0) readonly buffer X { uint x[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { uint count; };

float converted(uint bits) {
  return format == 0 ? float_from_bf16(bits) : float_from_f16(bits);
}

void main() {
  const uint words = (count + 1) / 2;
  for (uint i = gl_GlobalInvocationID.x; i < words; i += gl_NumWorkGroups.x * 128) {
    y[2 * i] = converted(x[i] & 0xffffu);
    if (2 * i + 1 < count) y[2 * i + 1] = converted(x[i] >> 16);
  }
}
