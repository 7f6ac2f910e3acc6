// sums[r, e] = sum over the 64 blocks b of row r of g[b, e]^2, over elements that hold values:
// the first pass of the norm of all gradients.
// One workgroup takes one row; invocation e adds up element e of its blocks, in order. No barrier.
//   binding 0  g       [blocks, 64]  f32
//   binding 1  blocks  [blocks, 2]   i32: group, elements that hold values
//   binding 2  sums    [rows, 64]    f32  written
//   push       count: number of blocks
#version 450

layout(local_size_x = 64) in;

layout(std430, binding = 0) readonly buffer G { float g[]; };
layout(std430, binding = 1) readonly buffer Blocks { ivec2 blocks[]; };
layout(std430, binding = 2) writeonly buffer Sums { float sums[]; };
layout(push_constant) uniform Push { uint count; };

void main() {
  const uint element = gl_LocalInvocationID.x;
  const uint rows = (count + 63) / 64;
  for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
    const uint end = min(row * 64 + 64, count);
    float sum = 0.0;
    for (uint block = row * 64; block < end; ++block) {
      if (int(element) >= blocks[block].y) continue;
      const float value = g[block * 64 + element];
      sum += value * value;
    }
    sums[row * 64 + element] = sum;
  }
}
