// Second pass of the embedding's gradient: adds up, in order, the parts of a run that begins in a
// chunk and leaves it.
// One workgroup takes 64 columns of one chunk; grid: tiles of columns, chunks.
//   binding 2  parts    [2 * chunks, columns]   f32
//   binding 3  d_table  [row_end - row_begin, columns]  f32  written
// ids, order and the push constants as in common/embedding_runs.glsl. Sums in fp32.
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/embedding_runs.glsl"

layout(local_size_x = 64) in;

layout(std430, binding = 2) readonly buffer Parts { float parts[]; };
layout(std430, binding = 3) writeonly buffer DTable { float d_table[]; };

void main() {
  const uint column = gl_GlobalInvocationID.x;
  if (column >= columns) return;
  uint chunk = gl_WorkGroupID.y;
  uint last = end_of(chunk) - 1;
  if (!joined(last)) return;
  uint first = last;
  while (first > chunk * chunk_length && joined(first - 1)) --first;
  if (first > 0 && joined(first - 1)) return;  // began before
  const uint id = id_of(last);
  float sum = parts[(2 * chunk + 1) * columns + column];
  while (joined(last)) {
    ++chunk;
    sum += parts[2 * chunk * columns + column];
    last = end_of(chunk) - 1;
    if (id_of(last) != id) break;
  }
  if (id >= row_begin && id < row_end) d_table[(id - row_begin) * columns + column] = sum;
}
