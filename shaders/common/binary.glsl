// y[i] = OPERATION(a, b) with broadcasting, for every i < count in row-major order.
// One workgroup takes 512 elements at a time and strides over the rest; an element's turns of the
// loops (core/broadcast.h) say where its operands are.
//   binding 0  a            f32
//   binding 1  b            f32
//   binding 2  y  [count]   f32  written; may be the memory of an operand of its size
//   constant 0  rank: number of loops, 1 to 6, or 0 where all three lie alike
//   push       size, stride_a, stride_b of each loop, outermost first, and the two words that
//              divide by its size (common/division.glsl); count
#include "common/division.glsl"

layout(local_size_x = 128) in;

layout(constant_id = 0) const uint rank = 0;

layout(std430, binding = 0) readonly buffer A { float a[]; };
layout(std430, binding = 1) readonly buffer B { float b[]; };
layout(std430, binding = 2) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push {
  uint size[6];
  uint stride_a[6];
  uint stride_b[6];
  uint multiplier[6];
  uint shift[6];
  uint count;
};

void one(uint i) {
  if (i >= count) return;
  if (rank == 0) {
    y[i] = OPERATION(a[i], b[i]);
    return;
  }
  uint left = i;
  uint at_a = 0;
  uint at_b = 0;
  for (uint loop = rank - 1; loop > 0; --loop) {
    const uint outer = quotient(left, multiplier[loop], shift[loop]);
    const uint turn = left - outer * size[loop];
    at_a += turn * stride_a[loop];
    at_b += turn * stride_b[loop];
    left = outer;
  }
  at_a += left * stride_a[0];
  at_b += left * stride_b[0];
  y[i] = OPERATION(a[at_a], b[at_b]);
}

void main() {
  for (uint base = gl_WorkGroupID.x * 512; base < count; base += gl_NumWorkGroups.x * 512) {
    for (uint turn = 0; turn < 4; ++turn) one(base + turn * 128 + gl_LocalInvocationID.x);
  }
}
