// y[i] = OPERATION(a, b) with broadcasting, for every i < count in row-major order.
// One invocation takes one element, or four neighbouring ones where `wide`; workgroups stride over
// the rest. An element's turns of the loops (core/broadcast.h) say where its operands are.
//   binding 0  a            f32
//   binding 1  b            f32
//   binding 2  y  [count]   f32  written; may be the memory of an operand of its size
//   constant 0  rank: number of loops, 1 to 6
//   constant 1  wide: 1 where four neighbours never part: the innermost loop's size is a multiple
//               of 4, or there is but one loop and no broadcasting (elements up to the next
//               multiple of 4 are then written too)
//   constant 2, 3  innermost strides of a and b, 0 or 1
//   push       size, stride_a, stride_b of each loop, outermost first, and the two words that
//              divide by its size (common/division.glsl); count
#include "common/division.glsl"

layout(local_size_x = 128) in;

layout(constant_id = 0) const uint rank = 1;
layout(constant_id = 1) const uint wide = 0;
layout(constant_id = 2) const uint inner_a = 1;
layout(constant_id = 3) const uint inner_b = 1;

layout(std430, binding = 0) readonly buffer A { float a[]; };
layout(std430, binding = 0) readonly buffer A4 { vec4 a4[]; };
layout(std430, binding = 1) readonly buffer B { float b[]; };
layout(std430, binding = 1) readonly buffer B4 { vec4 b4[]; };
layout(std430, binding = 2) writeonly buffer Y { float y[]; };
layout(std430, binding = 2) writeonly buffer Y4 { vec4 y4[]; };
layout(push_constant) uniform Push {
  uint size[6];
  uint stride_a[6];
  uint stride_b[6];
  uint multiplier[6];
  uint shift[6];
  uint count;
};

void main() {
  const uint each = wide == 1 ? 4 : 1;
  const uint units = (count + each - 1) / each;
  for (uint unit = gl_GlobalInvocationID.x; unit < units; unit += gl_NumWorkGroups.x * 128) {
    uint left = unit * each;
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
    if (wide == 1) {
      const vec4 left_hand = inner_a == 1 ? a4[at_a / 4] : vec4(a[at_a]);
      const vec4 right_hand = inner_b == 1 ? b4[at_b / 4] : vec4(b[at_b]);
      y4[unit] = OPERATION(left_hand, right_hand);
    } else {
      y[unit] = OPERATION(a[at_a], b[at_b]);
    }
  }
}
