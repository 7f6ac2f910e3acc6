// y = epilogue(op(a) op(b)) on tiles in shared memory, for GPUs.
//
// One workgroup makes a tile of tile_m rows and tile_n columns, tile_k of k at a time; an
// invocation thread_m rows one after another and thread_n / 2 pairs of columns spread over the
// tile, so that the lanes of a subgroup read neighbouring columns. While one step multiplies, the
// next one's elements travel to registers, four side by side at a time where the factor's sides
// allow. It strides over the rest of the tiles, columns first, then rows, then parts of k, then the
// batch. All arithmetic is fp32, whatever the factors are kept in.
//   binding 0  a  [batch, m, k], or [batch, k, m] if transposed  read
//   binding 1  b  [batch, k, n], or [batch, n, k] if transposed  read
//   bindings 2 to 5 and constants 1 to 4, 12, 13: common/matmul_epilogue.glsl
//   constant 0   transposed_a: 0, 1          constant 5   transposed_b: 0, 1
//   constant 6   threads = tile_m / thread_m * tile_n / thread_n
//   constants 7 to 11  tile_m, tile_n, tile_k, thread_m, thread_n (even); threads divides a quarter
//                of tile_m tile_k and of tile_n tile_k; (tile_m + tile_n + 3) tile_k floats of
//                shared memory
//   constants 14 to 16  unused               constant 17  elements of a and b: 0 f32, 1 bf16, 2 f16
//   constants 18, 19    wide_a, wide_b: 1 where the contiguous axis is a multiple of 4
//   push  common/matmul_push.glsl
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
layout(constant_id = 17) const uint element_kind = 0;
layout(constant_id = 18) const uint wide_a = 0;
layout(constant_id = 19) const uint wide_b = 0;

layout(std430, binding = 0) readonly buffer AFloats { float a_floats[]; };
layout(std430, binding = 0) readonly buffer AQuads { vec4 a_quads[]; };
layout(std430, binding = 0) readonly buffer AWords { uint a_words[]; };
layout(std430, binding = 0) readonly buffer ADoubles { uvec2 a_doubles[]; };
layout(std430, binding = 1) readonly buffer BFloats { float b_floats[]; };
layout(std430, binding = 1) readonly buffer BQuads { vec4 b_quads[]; };
layout(std430, binding = 1) readonly buffer BWords { uint b_words[]; };
layout(std430, binding = 1) readonly buffer BDoubles { uvec2 b_doubles[]; };
#include "common/matmul_push.glsl"

// Rows of k; padding spreads a column over the banks. Columns of b go in pairs.
const uint row_a = tile_m + 1;
const uint row_b = tile_n / 2 + 1;
shared float tile_a[tile_k * row_a];
shared vec2 tile_b[tile_k * row_b];

const uint loads_a = tile_m * tile_k / threads;
const uint loads_b = tile_n * tile_k / threads;
const uint step_a = 1 + 3 * wide_a;  // elements that are loaded at a time
const uint step_b = 1 + 3 * wide_b;
const uint across = tile_n / thread_n;  // invocations side by side

float next_a[loads_a];
float next_b[loads_b];
vec2 sums[thread_m * thread_n / 2];

float widened(uint bits) {
  return element_kind == 1 ? float_from_bf16(bits) : float_from_f16(bits);
}
vec2 widened_pair(uint word) { return vec2(widened(word & 0xffffu), widened(word >> 16)); }

// One element of a buffer, and four from one that is a multiple of four on.
#define ONE(name, at)                   \
  (element_kind == 0 ? name##_floats[at] \
                     : widened((name##_words[(at) / 2] >> (16 * ((at) % 2))) & 0xffffu))
#define FOUR(name, at)                        \
  (element_kind == 0 ? name##_quads[(at) / 4] \
                     : vec4(widened_pair(name##_doubles[(at) / 4].x), \
                            widened_pair(name##_doubles[(at) / 4].y)))

// The place in its tile of an operand's element that an invocation loads: x along m or n, y along
// k, neighbouring invocations at neighbouring addresses.
uvec2 place(uint element, uint side, bool k_is_contiguous) {
  return k_is_contiguous ? uvec2(element / tile_k, element % tile_k)
                         : uvec2(element % side, element / side);
}
uvec2 place_a(uint load) {
  return place((gl_LocalInvocationIndex + load * threads) * step_a, tile_m, transposed_a == 0);
}
uvec2 place_b(uint load) {
  return place((gl_LocalInvocationIndex + load * threads) * step_b, tile_n, transposed_b == 1);
}

// Loads what starts at (row, column, k0) of one item, zero beyond its sides and beyond `end`.
void fetch(uint item, uint row, uint column, uint k0, uint end) {
  [[unroll]] for (uint i = 0; i < loads_a / step_a; ++i) {
    const uint r = row + place_a(i).x;
    const uint d = k0 + place_a(i).y;
    const uint at = item * m * k + (transposed_a == 1 ? d * m + r : r * k + d);
    const bool inside = r < m && d < end;
    if (wide_a == 1) {
      vec4 four = vec4(0);
      if (inside) four = FOUR(a, at);
      [[unroll]] for (uint c = 0; c < step_a; ++c) next_a[i * step_a + c] = four[c];
    } else {
      next_a[i] = 0;
      if (inside) next_a[i] = ONE(a, at);
    }
  }
  [[unroll]] for (uint i = 0; i < loads_b / step_b; ++i) {
    const uint column_at = column + place_b(i).x;
    const uint d = k0 + place_b(i).y;
    const uint at = item * n * k + (transposed_b == 1 ? column_at * k + d : d * n + column_at);
    const bool inside = column_at < n && d < end;
    if (wide_b == 1) {
      vec4 four = vec4(0);
      if (inside) four = FOUR(b, at);
      [[unroll]] for (uint c = 0; c < step_b; ++c) next_b[i * step_b + c] = four[c];
    } else {
      next_b[i] = 0;
      if (inside) next_b[i] = ONE(b, at);
    }
  }
}

void to_shared() {
  [[unroll]] for (uint i = 0; i < loads_a / step_a; ++i) {
    [[unroll]] for (uint c = 0; c < step_a; ++c) {
      const uvec2 at = place_a(i) + (transposed_a == 1 ? uvec2(c, 0) : uvec2(0, c));
      tile_a[at.y * row_a + at.x] = next_a[i * step_a + c];
    }
  }
  [[unroll]] for (uint i = 0; i < loads_b / step_b; ++i) {
    [[unroll]] for (uint c = 0; c < step_b; ++c) {
      const uvec2 at = place_b(i) + (transposed_b == 1 ? uvec2(0, c) : uvec2(c, 0));
      tile_b[at.y * row_b + at.x / 2][at.x % 2] = next_b[i * step_b + c];
    }
  }
}

void multiply(uint x, uint y) {
  for (uint d = 0; d < tile_k; ++d) {
    float l[thread_m];
    vec2 r[thread_n / 2];
    [[unroll]] for (uint i = 0; i < thread_m; ++i) l[i] = tile_a[d * row_a + y * thread_m + i];
    [[unroll]] for (uint j = 0; j < thread_n / 2; ++j) r[j] = tile_b[d * row_b + x + j * across];
    [[unroll]] for (uint i = 0; i < thread_m; ++i) {
      [[unroll]] for (uint j = 0; j < thread_n / 2; ++j) {
        const uint at = i * (thread_n / 2) + j;
        sums[at] = fma(vec2(l[i]), r[j], sums[at]);
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

  [[unroll]] for (uint i = 0; i < thread_m * thread_n / 2; ++i) sums[i] = vec2(0);
  fetch(item, row, column, part * part_k, end);
  for (uint k0 = part * part_k; k0 < end; k0 += tile_k) {
    to_shared();
    barrier();
    if (k0 + tile_k < end) fetch(item, row, column, k0 + tile_k, end);
    multiply(x, y);
    barrier();
  }
  [[unroll]] for (uint i = 0; i < thread_m; ++i) {
    [[unroll]] for (uint j = 0; j < thread_n / 2; ++j) {
      const uint r = row + y * thread_m + i;
      const uint c = column + 2 * (x + j * across);
      if (r >= m || c >= n) continue;
      finish_pair(((part * batch + item) * m + r) * n + c, uvec2(c, c + 1),
                  sums[i * (thread_n / 2) + j], c + 1 < n);
    }
  }
}

void main() {
  for (uint tile = gl_WorkGroupID.x; tile < tiles; tile += gl_NumWorkGroups.x) make(tile);
}
