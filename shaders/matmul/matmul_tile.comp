// y = epilogue(op(a) op(b)) on tiles in shared memory, for GPUs.
//
// One workgroup makes a tile of tile_m rows and tile_n columns, tile_k of k at a time; an
// invocation thread_m rows one after another and thread_n columns spread over the tile, so that
// the lanes of a subgroup read neighbouring columns. While one step multiplies, the next one's
// elements travel to registers. It strides over the rest of the tiles, columns first, then rows,
// then parts of k, then the batch. All sums in fp32.
//   binding 0  a  [batch, m, k], or [batch, k, m] if transposed  read
//   binding 1  b  [batch, k, n], or [batch, n, k] if transposed  read
//   bindings 2 to 5 and constants 1 to 4: common/matmul_epilogue.glsl
//   constant 0   transposed_a: 0, 1          constant 5   transposed_b: 0, 1
//   constant 6   threads = tile_m / thread_m * tile_n / thread_n
//   constants 7 to 11  tile_m, tile_n, tile_k, thread_m, thread_n; threads divides tile_m tile_k
//                and tile_n tile_k; (tile_m + tile_n + 2) tile_k floats of shared memory
//   push  tiles, batch, m, n, k, part_k (a multiple of tile_k: k of one part), parts; where there
//         are several, y is [parts, batch, m, n]
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common/matmul_epilogue.glsl"

layout(local_size_x_id = 6) in;
layout(constant_id = 0) const uint transposed_a = 0;
layout(constant_id = 5) const uint transposed_b = 0;
layout(constant_id = 6) const uint threads = 128;
layout(constant_id = 7) const uint tile_m = 64;
layout(constant_id = 8) const uint tile_n = 64;
layout(constant_id = 9) const uint tile_k = 16;
layout(constant_id = 10) const uint thread_m = 8;
layout(constant_id = 11) const uint thread_n = 4;

layout(std430, binding = 0) readonly buffer A { float a[]; };
layout(std430, binding = 1) readonly buffer B { float b[]; };
layout(push_constant) uniform Push {
  uint tiles;
  uint batch;
  uint m;
  uint n;
  uint k;
  uint part_k;
  uint parts;
};

// Rows of k; one float of padding spreads a column over the banks.
const uint row_a = tile_m + 1;
const uint row_b = tile_n + 1;
shared float tile_a[tile_k * row_a];
shared float tile_b[tile_k * row_b];

const uint loads_a = tile_m * tile_k / threads;
const uint loads_b = tile_n * tile_k / threads;
const uint across = tile_n / thread_n;  // invocations side by side

float next_a[loads_a];
float next_b[loads_b];
float sums[thread_m * thread_n];

// The place in its tile of an operand's element that an invocation loads: x along m or n, y along
// k, neighbouring invocations at neighbouring addresses.
uvec2 place(uint element, uint side, bool k_is_contiguous) {
  return k_is_contiguous ? uvec2(element / tile_k, element % tile_k)
                         : uvec2(element % side, element / side);
}

// Loads what starts at (row, column, k0) of one item, zero beyond its sides and beyond `end`.
void fetch(uint item, uint row, uint column, uint k0, uint end) {
  [[unroll]] for (uint i = 0; i < loads_a; ++i) {
    const uvec2 at = place(gl_LocalInvocationIndex + i * threads, tile_m, transposed_a == 0);
    const uint r = row + at.x;
    const uint d = k0 + at.y;
    next_a[i] = 0;
    if (r < m && d < end) {
      next_a[i] = a[item * m * k + (transposed_a == 1 ? d * m + r : r * k + d)];
    }
  }
  [[unroll]] for (uint i = 0; i < loads_b; ++i) {
    const uvec2 at = place(gl_LocalInvocationIndex + i * threads, tile_n, transposed_b == 1);
    const uint c = column + at.x;
    const uint d = k0 + at.y;
    next_b[i] = 0;
    if (c < n && d < end) {
      next_b[i] = b[item * n * k + (transposed_b == 1 ? c * k + d : d * n + c)];
    }
  }
}

void to_shared() {
  [[unroll]] for (uint i = 0; i < loads_a; ++i) {
    const uvec2 at = place(gl_LocalInvocationIndex + i * threads, tile_m, transposed_a == 0);
    tile_a[at.y * row_a + at.x] = next_a[i];
  }
  [[unroll]] for (uint i = 0; i < loads_b; ++i) {
    const uvec2 at = place(gl_LocalInvocationIndex + i * threads, tile_n, transposed_b == 1);
    tile_b[at.y * row_b + at.x] = next_b[i];
  }
}

void multiply(uint x, uint y) {
  for (uint d = 0; d < tile_k; ++d) {
    float l[thread_m];
    float r[thread_n];
    [[unroll]] for (uint i = 0; i < thread_m; ++i) l[i] = tile_a[d * row_a + y * thread_m + i];
    [[unroll]] for (uint j = 0; j < thread_n; ++j) r[j] = tile_b[d * row_b + x + j * across];
    [[unroll]] for (uint i = 0; i < thread_m; ++i) {
      [[unroll]] for (uint j = 0; j < thread_n; ++j) {
        sums[i * thread_n + j] = fma(l[i], r[j], sums[i * thread_n + j]);
      }
    }
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
  const uint x = gl_LocalInvocationIndex % across;
  const uint y = gl_LocalInvocationIndex / across;

  [[unroll]] for (uint i = 0; i < thread_m * thread_n; ++i) sums[i] = 0;
  fetch(item, row, column, part * part_k, end);
  for (uint k0 = part * part_k; k0 < end; k0 += tile_k) {
    to_shared();
    barrier();
    if (k0 + tile_k < end) fetch(item, row, column, k0 + tile_k, end);
    multiply(x, y);
    barrier();
  }
  [[unroll]] for (uint i = 0; i < thread_m; ++i) {
    [[unroll]] for (uint j = 0; j < thread_n; ++j) {
      const uint r = row + y * thread_m + i;
      const uint c = column + x + j * across;
      if (r >= m || c >= n) continue;
      finish(((part * batch + item) * m + r) * n + c, c, sums[i * thread_n + j]);
    }
  }
}

void main() {
  for (uint tile = gl_WorkGroupID.x; tile < tiles; tile += gl_NumWorkGroups.x) make(tile);
}
