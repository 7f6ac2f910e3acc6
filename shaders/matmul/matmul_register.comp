// y = epilogue(op(a) b) without shared memory or barriers, for drivers that run on the CPU: those
// vectorise over invocations, load a uniform address once, and skip all coroutine machinery where
// a shader has no barrier. What lanes load at addresses of their own is gathered one by one, so
// each load of b serves 32 rows; two steps of k in the loop's body still fit the micro-op cache.
//
// One workgroup of 8 makes a tile of 32 rows and 64 columns; each invocation two vec4 of columns,
// 32 apart, of all rows. It strides over the rest of the tiles: those of a group of columns, then
// the groups, then parts of k, then the batch.
//   binding 0  a  [batch, m, k], or [batch, k, m] if transposed  read
//   binding 1  b  [batch, k, n]  read
//   bindings 2 to 5 and constants 1 to 4: common/matmul_epilogue.glsl
//   constant 0  transposed_a: 0, 1
//   push  tiles, batch, m, n, k, row_a and row_b (vec4 from row to row), item_a and item_b (vec4
//         from matrix to matrix), group (tiles of columns), part_k (a multiple of 4: k of one
//         part), parts; where there are several, y is [parts, batch, m, n]
// a and b are padded (matmul_pack does it, with zeros): rows to whole vec4, a's m to at least 32,
// k to an even number.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common/matmul_epilogue.glsl"

layout(local_size_x = 8) in;
layout(constant_id = 0) const uint transposed_a = 0;

layout(std430, binding = 0) readonly buffer A2 { vec2 a2[]; };
layout(std430, binding = 0) readonly buffer A4 { vec4 a4[]; };
layout(std430, binding = 1) readonly buffer B { vec4 b[]; };
layout(push_constant) uniform Push {
  uint tiles;
  uint batch;
  uint m;
  uint n;
  uint k;
  uint row_a;
  uint row_b;
  uint item_a;
  uint item_b;
  uint group;
  uint part_k;
  uint parts;
};

const uint rows = 32;
const uint columns = 64;

vec4 left[rows];
vec4 right[rows];

// left, right += rows of a from vec4 `at_a` on times columns of b from `l` and `r` on, for `depth`
// steps of k, an even number.
void multiply(uint at_a, uint l, uint r, uint depth) {
  uint first = 2 * at_a;
  for (uint i = 0; i < depth; i += 2) {
    const vec4 l0 = b[l];
    const vec4 r0 = b[r];
    const vec4 l1 = b[l + row_b];
    const vec4 r1 = b[r + row_b];
    l += 2 * row_b;
    r += 2 * row_b;
    uint at = first;
    [[unroll]] for (uint s = 0; s < rows; ++s) {
      const vec2 x = a2[at];
      at += 2 * row_a;
      left[s] = fma(vec4(x.y), l1, fma(vec4(x.x), l0, left[s]));
      right[s] = fma(vec4(x.y), r1, fma(vec4(x.x), r0, right[s]));
    }
    ++first;
  }
}

// The same for a transposed: 4 rows of the product lie side by side.
void multiply_transposed(uint at_a, uint l, uint r, uint depth) {
  for (uint i = 0; i < depth; i += 2) {
    [[unroll]] for (uint step = 0; step < 2; ++step) {
      const vec4 lb = b[l];
      const vec4 rb = b[r];
      [[unroll]] for (uint s = 0; s < rows / 4; ++s) {
        const vec4 x = a4[at_a + s];
        [[unroll]] for (uint j = 0; j < 4; ++j) {
          left[4 * s + j] = fma(vec4(x[j]), lb, left[4 * s + j]);
          right[4 * s + j] = fma(vec4(x[j]), rb, right[4 * s + j]);
        }
      }
      at_a += row_a;
      l += row_b;
      r += row_b;
    }
  }
}

void store(uint at, uint column, vec4 x) {
  if (column >= n) return;
  finish(at, column, x.x);
  if (column + 1 < n) finish(at + 1, column + 1, x.y);
  if (column + 2 < n) finish(at + 2, column + 2, x.z);
  if (column + 3 < n) finish(at + 3, column + 3, x.w);
}

void make(uint tile) {
  const uint across = (n + columns - 1) / columns;
  const uint down = (m + rows - 1) / rows;
  // Groups of columns whose part of b fits the cache; in one, columns first, then rows.
  const uint inside = tile % (across * down);
  const uint start = inside / (group * down) * group;
  const uint width = min(group, across - start);
  const uint place = inside - start * down;
  const uint c0 = (start + place % width) * (columns / 4) + gl_LocalInvocationID.x;
  const uint part = tile / (across * down) % parts;
  const uint item = tile / (across * down * parts);
  const uint first = place / width * rows;
  // The last tile starts earlier and makes rows twice rather than reading beyond a; it stores its
  // own. Columns beyond n read the last ones and are not stored.
  const uint row = min(first, (transposed_a == 1 ? 4 * row_a : max(m, rows)) - rows);
  const uint begin = part * part_k;
  const uint depth = (min(begin + part_k, k) - begin + 1) & ~1u;
  const uint at_b = item * item_b + begin * row_b;
  const uint l = at_b + min(c0, row_b - 1);
  const uint r = at_b + min(c0 + 8, row_b - 1);
  [[unroll]] for (uint s = 0; s < rows; ++s) left[s] = right[s] = vec4(0);
  if (transposed_a == 1) {
    multiply_transposed(item * item_a + begin * row_a + row / 4, l, r, depth);
  } else {
    multiply(item * item_a + row * row_a + begin / 4, l, r, depth);
  }
  // Not unrolled: 256 copies of the epilogue would take drivers seconds to compile.
  for (uint s = 0; s < rows; ++s) {
    if (row + s >= first && row + s < m) {
      const uint at = ((part * batch + item) * m + row + s) * n;
      store(at + 4 * c0, 4 * c0, left[s]);
      store(at + 4 * (c0 + 8), 4 * (c0 + 8), right[s]);
    }
  }
}

void main() {
  for (uint tile = gl_WorkGroupID.x; tile < tiles; tile += gl_NumWorkGroups.x) make(tile);
}
