// y = epilogue(op(a) op(b)) of 16-bit factors by matrices that a whole workgroup holds together
// (GL_NV_cooperative_matrix2), fp32 sums.
//
// One workgroup makes a tile of tile_m rows and tile_n columns, tile_k of k at a time. The driver
// brings a step's elements from memory to wherever it multiplies them: a tensor layout says where
// rows and k end, beyond which there are zeros, and a view exchanges a transposed factor's axes.
// Each sum then leaves by a call of its own. It strides over the rest of the tiles, columns first,
// then rows, then parts of k, then the batch.
//   binding 0  a  [batch, m, k], or [batch, k, m] if transposed  16 bits  read
//   binding 1  b  [batch, k, n], or [batch, n, k] if transposed  16 bits  read
//   bindings 2 to 5 and constants 1 to 4, 12, 13: common/matmul_epilogue.glsl
//   constant 0   transposed_a: 0, 1          constant 5   transposed_b: 0, 1
//   constant 6   invocations                 constants 7 to 9   tile_m, tile_n, tile_k: multiples
//                of the driver's granularity for so many invocations
//   constant 17  the twin's elements: 1 bf16, 2 f16
//   push  common/matmul_push.glsl
// ELEMENT is the factors' type; where it is not defined plain loops, the emulated twin, take the
// place of matrices.
#define STORES_HALVES
#include "common/matmul_epilogue.glsl"

layout(local_size_x_id = 6) in;
layout(constant_id = 0) const uint transposed_a = 0;
layout(constant_id = 5) const uint transposed_b = 0;
layout(constant_id = 6) const uint threads = 128;
layout(constant_id = 7) const uint tile_m = 64;
layout(constant_id = 8) const uint tile_n = 64;
layout(constant_id = 9) const uint tile_k = 64;
layout(constant_id = 17) const uint element_kind = 2;

#ifdef ELEMENT
layout(std430, binding = 0) readonly buffer A { ELEMENT a[]; };
layout(std430, binding = 1) readonly buffer B { ELEMENT b[]; };
#else
layout(std430, binding = 0) readonly buffer A { uint16_t a[]; };
layout(std430, binding = 1) readonly buffer B { uint16_t b[]; };
#endif
#include "common/matmul_push.glsl"

// What one tile is of: the item's number, its first row and column, k from `begin` to `end`, and
// the row of y, counted over all matrices, with which the item's begin.
struct Tile {
  uint item, row, column, begin, end, y_row;
};

// Stores a sum of the tile that begins at (first_row, first_column); those beyond the edges are
// not there. Returns it, as calls by element must return something.
float leave(const in uint row, const in uint column, const in float sum, const in uint first_row,
            const in uint first_column, const in uint y_row) {
  const uint r = first_row + row;
  const uint c = first_column + column;
  if (r < m && c < n) finish((y_row + r) * n + c, c, sum);
  return sum;
}

#ifdef ELEMENT

#define MATRIX_A coopmat<ELEMENT, gl_ScopeWorkgroup, tile_m, tile_k, gl_MatrixUseA>
#define MATRIX_B coopmat<ELEMENT, gl_ScopeWorkgroup, tile_k, tile_n, gl_MatrixUseB>
#define MATRIX_SUM coopmat<float, gl_ScopeWorkgroup, tile_m, tile_n, gl_MatrixUseAccumulator>
#define LAYOUT tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV>

// Of a matrix of `lines` of `length` elements in memory, `kept` of which are there.
LAYOUT layout_of(uint lines, uint kept, uint length) {
  LAYOUT matrix = createTensorLayoutNV(2, gl_CooperativeMatrixClampModeConstantNV);
  matrix = setTensorLayoutDimensionNV(matrix, lines, kept);
  return setTensorLayoutStrideNV(matrix, length, 1);
}

void make(Tile tile) {
  const tensorViewNV<2, false, 1, 0> exchanged = createTensorViewNV(2, false, 1, 0);
  const LAYOUT layout_a = transposed_a == 1 ? layout_of(tile.end, m, m) : layout_of(m, tile.end, k);
  const LAYOUT layout_b = transposed_b == 1 ? layout_of(n, tile.end, k) : layout_of(tile.end, n, n);
  MATRIX_SUM sums = MATRIX_SUM(0.0);
  [[dont_unroll]] for (uint k0 = tile.begin; k0 < tile.end; k0 += tile_k) {
    MATRIX_A left;
    MATRIX_B right;
    if (transposed_a == 1) {
      coopMatLoadTensorNV(left, a, tile.item * m * k,
                          sliceTensorLayoutNV(layout_a, k0, tile_k, tile.row, tile_m), exchanged);
    } else {
      coopMatLoadTensorNV(left, a, tile.item * m * k,
                          sliceTensorLayoutNV(layout_a, tile.row, tile_m, k0, tile_k));
    }
    if (transposed_b == 1) {
      coopMatLoadTensorNV(right, b, tile.item * n * k,
                          sliceTensorLayoutNV(layout_b, tile.column, tile_n, k0, tile_k),
                          exchanged);
    } else {
      coopMatLoadTensorNV(right, b, tile.item * n * k,
                          sliceTensorLayoutNV(layout_b, k0, tile_k, tile.column, tile_n));
    }
    sums = coopMatMulAdd(left, right, sums);
  }
  coopMatPerElementNV(sums, sums, leave, tile.row, tile.column, tile.y_row);
}

#else

float element(uint bits) {
  return element_kind == 1 ? float_from_bf16(bits) : float_from_f16(bits);
}

void make(Tile tile) {
  const uint base_a = tile.item * m * k;
  const uint base_b = tile.item * n * k;
  for (uint i = gl_LocalInvocationIndex; i < tile_m * tile_n; i += threads) {
    const uint r = tile.row + i / tile_n;
    const uint c = tile.column + i % tile_n;
    float sum = 0;
    for (uint depth = tile.begin; r < m && c < n && depth < tile.end; ++depth) {
      const uint at_a = base_a + (transposed_a == 1 ? depth * m + r : r * k + depth);
      const uint at_b = base_b + (transposed_b == 1 ? c * k + depth : depth * n + c);
      sum = fma(element(uint(a[at_a])), element(uint(b[at_b])), sum);
    }
    leave(i / tile_n, i % tile_n, sum, tile.row, tile.column, tile.y_row);
  }
}

#endif

void main() {
  const uint tiles_n = (n + tile_n - 1) / tile_n;
  const uint tiles_m = (m + tile_m - 1) / tile_m;
  for (uint number = gl_WorkGroupID.x; number < tiles; number += gl_NumWorkGroups.x) {
    const uint part = number / (tiles_n * tiles_m) % parts;
    Tile tile;
    tile.item = number / (tiles_n * tiles_m * parts);
    tile.row = number / tiles_n % tiles_m * tile_m;
    tile.column = number % tiles_n * tile_n;
    tile.begin = part * part_k;
    tile.end = min(tile.begin + part_k, k);
    tile.y_row = (part * batch + tile.item) * m;
    make(tile);
  }
}
