// First pass of the embedding's gradient: sums the runs of equal ids within a chunk of 64 sorted
// positions, in order, to the table's gradient or, where a run leaves the chunk, to parts.
// One workgroup takes 64 columns of one chunk; grid: tiles of columns, chunks.
//   binding 2  dy       [end - begin, columns]          f32: of the positions summed now
//   binding 3  d_table  [row_end - row_begin, columns]  f32  written; zero before the first
//   binding 4  parts    [2 * chunks, columns]           f32  written
//   constant 0  cut: 0 where all rows are bound and all positions summed now
// ids, order and the push constants as in common/embedding_runs.glsl. Sums in fp32, which go on
// from those of the positions before.
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/embedding_runs.glsl"

layout(local_size_x = 64) in;

layout(constant_id = 0) const uint cut = 0;

layout(std430, binding = 2) readonly buffer DY { float dy[]; };
layout(std430, binding = 3) buffer DTable { float d_table[]; };
layout(std430, binding = 4) buffer Parts { float parts[]; };

// `sum` and dy of that sorted position, if it is summed now.
float added(float sum, uint at, uint column) {
  const uint position = position_of(at);
  const bool now = cut == 0 || (position >= begin && position < end);
  return now ? sum + dy[(position - begin) * columns + column] : sum;
}

// What a run in the chunk, sorted positions [from, to), leaves where `before` was: the sum that it
// has from zero on, or goes on from `before`.
float left(float sum, float before, uint from, uint to, uint column) {
  if (cut == 0 || begin == 0) return sum;
  for (uint at = from; at < to; ++at) before = added(before, at, column);
  return before;
}

void main() {
  const uint column = gl_GlobalInvocationID.x;
  if (column >= columns) return;
  const uint chunk = gl_WorkGroupID.y;
  const uint chunk_end = end_of(chunk);
  uint at = chunk * chunk_length;
  uint first = at;  // of the run
  bool began_before = at > 0 && joined(at - 1);
  uint id = id_of(at);
  float sum = 0.0;
  for (; at < chunk_end; ++at) {
    sum = added(sum, at, column);
    const bool more = at + 1 < positions;
    const uint next = more ? id_of(at + 1) : 0;
    const bool goes_on = more && next == id;
    if (goes_on && at + 1 < chunk_end) continue;
    if (began_before || goes_on) {
      const uint to = (2 * chunk + (began_before ? 0 : 1)) * columns + column;
      parts[to] = left(sum, parts[to], first, at + 1, column);
    } else if (cut == 0 || (id >= row_begin && id < row_end)) {
      const uint to = (id - row_begin) * columns + column;
      d_table[to] = left(sum, d_table[to], first, at + 1, column);
    }
    sum = 0.0;
    began_before = false;
    first = at + 1;
    id = next;
  }
}
