// The product of common/matmul_register.glsl where a subgroup's lanes share a. A driver that loads
// lane by lane makes as many loads of an address that is the same for all as of one for each: so
// lanes hold 4 k of all rows among them and hand them round, and no value is loaded twice.
// A workgroup is one subgroup, of 8, 16 or 32 lanes.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "common/matmul_register.glsl"

// Of a for 4 k: of row q lanes + lane, or if transposed, 4 rows and one k for each of 8 lanes.
vec4 mine[rows / lanes];

void load_a(uint at, uint row, uint k4) {
  [[unroll]] for (uint q = 0; q < rows / lanes; ++q) {
    const uint i = q * lanes + gl_LocalInvocationID.x;
    mine[q] = a[at + (transposed_a == 0 ? (row + i) * row_a + k4
                                        : (4 * k4 + i / 8) * row_a + row / 4 + i % 8)];
  }
}

// The j-th of the 4 k of row s.
float from_lane(uint s, uint j) {
  if (transposed_a == 0) return subgroupShuffle(mine[s / lanes][j], s % lanes);
  const uint i = 8 * j + s / 4;
  return subgroupShuffle(mine[i / lanes][s % 4], i % lanes);
}

// 4 rows of b.
mat4 rows_of_b(uint at, uint column, uint k4) {
  if (transposed_b == 0) {
    at += 4 * k4 * row_b + min(column, row_b - 1);
    return mat4(b[at], b[at + row_b], b[at + 2 * row_b], b[at + 3 * row_b]);
  }
  mat4 turned;
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    turned[i] = b[at + min(4 * column + i, n - 1) * row_b + k4];
  }
  return transpose(turned);
}

void multiply(uint item, uint row, uint column, uint begin, uint end) {
  for (uint k4 = begin; k4 < end; ++k4) {
    load_a(item * item_a, row, k4);
    const mat4 l = rows_of_b(item * item_b, column, k4);
    const mat4 r = rows_of_b(item * item_b, column + lanes, k4);
    [[unroll]] for (uint s = 0; s < rows; ++s) {
      [[unroll]] for (uint j = 0; j < 4; ++j) {
        const vec4 x = vec4(from_lane(s, j));
        left[s] = fma(x, l[j], left[s]);
        right[s] = fma(x, r[j], right[s]);
      }
    }
  }
}

void main() { make_all(); }
