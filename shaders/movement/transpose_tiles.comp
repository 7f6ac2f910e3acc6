// y[o, r, c] = x[o, c, r], x and y of 32-bit words: a transpose of matrices by tiles of 16 x 16
// in shared memory, so that both sides are walked along their rows.
// One workgroup moves one tile; grid: tiles of c, tiles of r, o.
//   binding 0  x  [outer, columns, rows]
//   binding 1  y  [outer, rows, columns]  written
//   push       rows, columns
#version 450

layout(local_size_x = 16, local_size_y = 8) in;

layout(std430, binding = 0) readonly buffer X { uint x[]; };
layout(std430, binding = 1) writeonly buffer Y { uint y[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
};

shared uint tile[16][17];  // one more than 16, so that columns lie in different banks

void main() {
  const uint lane = gl_LocalInvocationID.x;
  const uint matrix = gl_WorkGroupID.z * rows * columns;
  const uint first_c = gl_WorkGroupID.x * 16;
  const uint first_r = gl_WorkGroupID.y * 16;
  for (uint k = gl_LocalInvocationID.y; k < 16; k += 8) {
    const bool inside = first_c + k < columns && first_r + lane < rows;
    if (inside) tile[k][lane] = x[matrix + (first_c + k) * rows + first_r + lane];
  }
  barrier();
  for (uint k = gl_LocalInvocationID.y; k < 16; k += 8) {
    const bool inside = first_r + k < rows && first_c + lane < columns;
    if (inside) y[matrix + (first_r + k) * columns + first_c + lane] = tile[lane][k];
  }
}
