// y[i] = x[i] as a 16-bit number, two to a word.
// One invocation makes one word; workgroups stride over the rest.
//   binding 0  x  [count]            f32
//   binding 1  y  [(count + 1) / 2]  words: element 2 i in the low half  written
//   constant 0  format: 0 bf16, 1 f16
//   push       count of elements
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/half.glsl"

layout(local_size_x = 128) in;

layout(constant_id = 0) const uint format = 0;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) writeonly buffer Y { uint y[]; };
layout(push_constant) uniform Push { uint count; };

uint converted(float value) {
  return format == 0 ? bf16_from_float(value) : f16_from_float(value);
}

void main() {
  const uint words = (count + 1) / 2;
  for (uint i = gl_GlobalInvocationID.x; i < words; i += gl_NumWorkGroups.x * 128) {
    const uint low = converted(x[2 * i]);
    const uint high = 2 * i + 1 < count ? converted(x[2 * i + 1]) : 0;
    y[i] = low | (high << 16);
  }
}
