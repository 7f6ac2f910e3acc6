// y = epilogue(op(a) op(b)) of 16-bit factors by matrices that subgroups hold together, fp32 sums.
//
// One workgroup makes a tile of tile_m rows and tile_n columns, tile_k of k at a time. Its
// subgroups share the tile, groups_m by groups_n of them; each makes its block of matrices of
// mat_m by mat_n. Tiles of a and b go through shared memory as they lie in memory, contiguous
// elements side by side, so a transposed factor costs nothing: only how matrices are loaded from
// there changes. While one step multiplies, the next one's elements travel to registers. Sums
// leave by shared memory too, matrix by matrix, for the same epilogue and tails as in matmul_tile.
// It strides over the rest of the tiles, columns first, then rows, then parts of k, then the batch.
//   binding 0  a  [batch, m, k], or [batch, k, m] if transposed  16 bits  read
//   binding 1  b  [batch, k, n], or [batch, n, k] if transposed  16 bits  read
//   bindings 2 to 5 and constants 1 to 4, 12, 13: common/matmul_epilogue.glsl
//   constant 0   transposed_a: 0, 1          constant 5   transposed_b: 0, 1
//   constant 6   invocations: groups_m groups_n lanes
//   constants 7 to 11   tile_m, tile_n, tile_k (multiples of 8, of groups times matrices, and of
//                mat_k), groups_m, groups_n
//   constants 14 to 17: common/cooperative.glsl, common/cooperative_emulated.glsl
//   constants 18, 19  wide_a, wide_b: 1 where the contiguous axis is a multiple of 8
//   constant 20  lanes: invocations of a subgroup
//   push  common/matmul_push.glsl
// ELEMENT is the factors' type; where it is not defined the emulated twin takes the place of
// matrices.
#include "common/matmul_epilogue.glsl"

layout(local_size_x_id = 6) in;
layout(constant_id = 0) const uint transposed_a = 0;
layout(constant_id = 5) const uint transposed_b = 0;
layout(constant_id = 6) const uint threads = 128;
layout(constant_id = 7) const uint tile_m = 64;
layout(constant_id = 8) const uint tile_n = 64;
layout(constant_id = 9) const uint tile_k = 32;
layout(constant_id = 10) const uint groups_m = 2;
layout(constant_id = 11) const uint groups_n = 2;
layout(constant_id = 14) const uint mat_m = 16;
layout(constant_id = 15) const uint mat_n = 16;
layout(constant_id = 16) const uint mat_k = 16;
layout(constant_id = 18) const uint wide_a = 0;
layout(constant_id = 19) const uint wide_b = 0;
layout(constant_id = 20) const uint lanes = 32;

layout(std430, binding = 0) readonly buffer A { uint a[]; };
layout(std430, binding = 0) readonly buffer A8 { uvec4 a8[]; };
layout(std430, binding = 1) readonly buffer B { uint b[]; };
layout(std430, binding = 1) readonly buffer B8 { uvec4 b8[]; };
#include "common/matmul_push.glsl"

// In units of 8 elements, which are 16 bytes: how many lie side by side in a tile, how many lines
// of them there are, and from line to line; one unit of padding spreads lines over the banks.
const uint across_a = (tile_m * transposed_a + tile_k * (1 - transposed_a)) / 8;
const uint across_b = (tile_k * transposed_b + tile_n * (1 - transposed_b)) / 8;
const uint lines_a = tile_k * transposed_a + tile_m * (1 - transposed_a);
const uint lines_b = tile_n * transposed_b + tile_k * (1 - transposed_b);
const uint stride_a = across_a + 1;
const uint stride_b = across_b + 1;
const uint loads_a = (across_a * lines_a + threads - 1) / threads;
const uint loads_b = (across_b * lines_b + threads - 1) / threads;

shared uvec4 tile_a[lines_a * stride_a];
shared uvec4 tile_b[lines_b * stride_b];
shared float stage[groups_m * groups_n * mat_m * mat_n];

#ifdef ELEMENT
#include "common/cooperative.glsl"
#else
#include "common/cooperative_emulated.glsl"
#endif

const uint mats_m = tile_m / (groups_m * mat_m);  // matrices of a subgroup, one below another
const uint mats_n = tile_n / (groups_n * mat_n);  // and side by side

uvec4 next_a[loads_a];
uvec4 next_b[loads_b];

// Elements `at` and at + 1 of a buffer of words, zeros from `count` elements on.
#define PAIR(words, at, count)                                                          \
  (((count) > 0 ? (words[(at) / 2] >> (16 * ((at) % 2))) & 0xffffu : 0u) |              \
   ((count) > 1 ? (words[((at) + 1) / 2] >> (16 * (((at) + 1) % 2))) << 16 : 0u))

// Loads what starts at line `line` and `inner` along the contiguous axis, of `length` elements a
// line; zeros from `line_end` and `inner_end` on.
#define FETCH(next, loads, across, lines, wide, buffer, buffer8, base, line, inner, length,   \
              line_end, inner_end)                                                            \
  [[unroll]] for (uint i = 0; i < loads; ++i) {                                               \
    const uint unit = gl_LocalInvocationIndex + i * threads;                                  \
    const uint l = line + unit / across;                                                      \
    const uint c = inner + unit % across * 8;                                                 \
    next[i] = uvec4(0);                                                                       \
    if (unit < across * lines && l < line_end && c < inner_end) {                             \
      const uint at = base + l * length + c;                                                  \
      if (wide == 1) {                                                                        \
        next[i] = buffer8[at / 8];                                                            \
      } else {                                                                                \
        const int count = int(inner_end - c);                                                 \
        next[i] = uvec4(PAIR(buffer, at, count), PAIR(buffer, at + 2, count - 2),             \
                        PAIR(buffer, at + 4, count - 4), PAIR(buffer, at + 6, count - 6));    \
      }                                                                                       \
    }                                                                                         \
  }

// Loads the step that starts at k0, of one item; k ends at `end`.
void fetch(uint item, uint row, uint column, uint k0, uint end) {
  const uint base_a = item * m * k;
  const uint base_b = item * n * k;
  if (transposed_a == 1) {
    FETCH(next_a, loads_a, across_a, lines_a, wide_a, a, a8, base_a, k0, row, m, end, m)
  } else {
    FETCH(next_a, loads_a, across_a, lines_a, wide_a, a, a8, base_a, row, k0, k, m, end)
  }
  if (transposed_b == 1) {
    FETCH(next_b, loads_b, across_b, lines_b, wide_b, b, b8, base_b, column, k0, k, n, end)
  } else {
    FETCH(next_b, loads_b, across_b, lines_b, wide_b, b, b8, base_b, k0, column, n, end, n)
  }
}

void to_shared() {
  [[unroll]] for (uint i = 0; i < loads_a; ++i) {
    const uint unit = gl_LocalInvocationIndex + i * threads;
    if (unit < across_a * lines_a) tile_a[unit / across_a * stride_a + unit % across_a] = next_a[i];
  }
  [[unroll]] for (uint i = 0; i < loads_b; ++i) {
    const uint unit = gl_LocalInvocationIndex + i * threads;
    if (unit < across_b * lines_b) tile_b[unit / across_b * stride_b + unit % across_b] = next_b[i];
  }
}

// Where a tile's matrix that begins at element (outer, inner) of its lines lies.
uint unit_of(uint outer, uint inner, uint stride) { return outer * stride + inner / 8; }

// Writes one matrix of sums, whose first element is (row, column).
void leave(uint at_item, uint row, uint column) {
  const uint from = group_number() * mat_m * mat_n;
  for (uint pair = group_lane(); pair < mat_m * mat_n / 2; pair += lanes) {
    const uint r = row + 2 * pair / mat_n;
    const uint c = column + 2 * pair % mat_n;
    if (r >= m || c >= n) continue;
    finish_pair((at_item + r) * n + c, uvec2(c, c + 1),
                vec2(stage[from + 2 * pair], stage[from + 2 * pair + 1]), c + 1 < n);
  }
}

void make(uint tile) {
  const uint tiles_n = (n + tile_n - 1) / tile_n;
  const uint tiles_m = (m + tile_m - 1) / tile_m;
  const uint column = tile % tiles_n * tile_n;
  const uint row = tile / tiles_n % tiles_m * tile_m;
  const uint part = tile / (tiles_n * tiles_m) % parts;
  const uint item = tile / (tiles_n * tiles_m * parts);
  const uint end = min((part + 1) * part_k, k);
  const uint y0 = group_number() / groups_n * mats_m * mat_m;  // the subgroup's block in the tile
  const uint x0 = group_number() % groups_n * mats_n * mat_n;

  MATRIX_SUM sums[mats_m * mats_n];
  [[unroll]] for (uint i = 0; i < mats_m * mats_n; ++i) sums[i] = ZERO_SUM();
  fetch(item, row, column, part * part_k, end);
  for (uint k0 = part * part_k; k0 < end; k0 += tile_k) {
    to_shared();
    barrier();
    if (k0 + tile_k < end) fetch(item, row, column, k0 + tile_k, end);
    [[unroll]] for (uint d = 0; d < tile_k; d += mat_k) {
      MATRIX_A left[mats_m];
      [[unroll]] for (uint i = 0; i < mats_m; ++i) {
        const uint y = y0 + i * mat_m;
        left[i] = load_a(transposed_a == 1 ? unit_of(d, y, stride_a) : unit_of(y, d, stride_a),
                         stride_a);
      }
      [[unroll]] for (uint j = 0; j < mats_n; ++j) {
        const uint x = x0 + j * mat_n;
        const MATRIX_B right = load_b(
            transposed_b == 1 ? unit_of(x, d, stride_b) : unit_of(d, x, stride_b), stride_b);
        [[unroll]] for (uint i = 0; i < mats_m; ++i) {
          MULTIPLY_ADD(left[i], right, sums[i * mats_n + j]);
        }
      }
    }
    barrier();
  }
  [[unroll]] for (uint i = 0; i < mats_m; ++i) {
    [[unroll]] for (uint j = 0; j < mats_n; ++j) {
      STAGE(sums[i * mats_n + j]);
      STAGE_BARRIER();
      leave((part * batch + item) * m, row + y0 + i * mat_m, column + x0 + j * mat_n);
      STAGE_BARRIER();
    }
  }
}

void main() {
  for (uint tile = gl_WorkGroupID.x; tile < tiles; tile += gl_NumWorkGroups.x) make(tile);
}
