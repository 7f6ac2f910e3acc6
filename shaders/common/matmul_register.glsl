// What matrix products without shared memory or barriers share, for drivers that run on the CPU:
// those vectorise over invocations and skip all coroutine machinery where a shader has no barrier.
//   y = epilogue(op(a) op(b))
// One workgroup of `lanes` invocations makes a tile of 32 rows and 8 lanes columns; each invocation
// two vec4 of columns, 4 lanes apart, of all rows. It strides over the rest of the tiles: those of
// a group of columns, then the groups, then parts of k, then the batch.
//   binding 0  a  [batch, m, k], or [batch, k, m] if transposed  read
//   binding 1  b  [batch, k, n], or [batch, n, k] if transposed  read
//   bindings 2 to 5 and constants 1 to 4: common/matmul_epilogue.glsl
//   constants 0, 5  transposed_a and transposed_b: 0, 1
//   constant 6  lanes
//   push  tiles, batch, m, n, k, row_a and row_b (vec4 from row to row), item_a and item_b (vec4
//         from matrix to matrix), group (tiles of columns), part_k (a multiple of 4: k of one
//         part), parts; where there are several, y is [parts, batch, m, n]
// a and b are padded (matmul_pack does it, with zeros): rows to whole vec4, a's m to at least 32,
// k to a multiple of 4.
//
// The shader defines multiply(), and calls make_all().
#include "common/matmul_epilogue.glsl"

layout(local_size_x_id = 6) in;
layout(constant_id = 0) const uint transposed_a = 0;
layout(constant_id = 5) const uint transposed_b = 0;
layout(constant_id = 6) const uint lanes = 8;

layout(std430, binding = 0) readonly buffer A { vec4 a[]; };
layout(std430, binding = 1) readonly buffer B { vec4 b[]; };
layout(std430, binding = 0) readonly buffer PairsA { vec2 pairs_a[]; };
layout(std430, binding = 1) readonly buffer PairsB { vec2 pairs_b[]; };
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
const uint columns = 8 * lanes;

vec4 left[rows];
vec4 right[rows];

// left, right += rows of a from `row` on times columns of b from vec4 `column` and column + lanes
// on, for k from 4 begin to 4 end.
void multiply(uint item, uint row, uint column, uint begin, uint end);

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
  [[unroll]] for (uint s = 0; s < rows; ++s) left[s] = right[s] = vec4(0);
  multiply(item, row, c0, begin / 4, (min(begin + part_k, k) + 3) / 4);
  // Not unrolled: 256 copies of the epilogue would take drivers seconds to compile.
  for (uint s = 0; s < rows; ++s) {
    if (row + s >= first && row + s < m) {
      const uint at = ((part * batch + item) * m + row + s) * n;
      store(at + 4 * c0, 4 * c0, left[s]);
      store(at + 4 * (c0 + lanes), 4 * (c0 + lanes), right[s]);
    }
  }
}

void make_all() {
  for (uint tile = gl_WorkGroupID.x; tile < tiles; tile += gl_NumWorkGroups.x) make(tile);
}
