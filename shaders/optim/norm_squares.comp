// sums[r, s, e] = sum of g[b, e]^2 over every fourth block b from s on of the 256 in row r, where
// element e holds a value: the first pass of the norm of all gradients.
// One workgroup takes one row; an invocation takes four neighbouring e and adds up its blocks in
// order. No barrier.
//   binding 0  g       [blocks, 64]  f32, as vectors of 4
//   binding 1  blocks  [blocks, 2]   i32: group, elements that hold values
//   binding 2  sums    [rows, 4, 64] f32, as vectors of 4  written
//   push       count: number of blocks
#version 450

layout(local_size_x = 64) in;

layout(std430, binding = 0) readonly buffer G { vec4 g[]; };
layout(std430, binding = 1) readonly buffer Blocks { ivec2 blocks[]; };
layout(std430, binding = 2) writeonly buffer Sums { vec4 sums[]; };
layout(push_constant) uniform Push { uint count; };

void main() {
  const uint lane = gl_LocalInvocationID.x;
  const uint vector = lane % 16;
  const ivec4 element = ivec4(0, 1, 2, 3) + int(vector) * 4;
  const uint rows = (count + 255) / 256;
  for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
    const uint end = min(row * 256 + 256, count);
    vec4 sum = vec4(0.0);
    for (uint block = row * 256 + lane / 16; block < end; block += 4) {
      const vec4 value = g[block * 16 + vector];
      sum += mix(vec4(0.0), value * value, lessThan(element, ivec4(blocks[block].y)));
    }
    sums[row * 64 + lane] = sum;
  }
}
