// First pass of the embedding's gradient: sums the runs of equal ids within a chunk of 64 sorted
// positions, in order, to the table's gradient or, where a run leaves the chunk, to parts.
// One workgroup takes 64 columns of one chunk; grid: tiles of columns, chunks.
//   binding 2  dy       [positions, columns]    f32
//   binding 3  d_table  [vocabulary, columns]   f32  written; zero before
//   binding 4  parts    [2 * chunks, columns]   f32  written
// ids, order and the push constants as in common/embedding_runs.glsl. Sums in fp32.
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/embedding_runs.glsl"

layout(local_size_x = 64) in;

layout(std430, binding = 2) readonly buffer DY { float dy[]; };
layout(std430, binding = 3) writeonly buffer DTable { float d_table[]; };
layout(std430, binding = 4) writeonly buffer Parts { float parts[]; };

void main() {
  const uint column = gl_GlobalInvocationID.x;
  if (column >= columns) return;
  const uint chunk = gl_WorkGroupID.y;
  const uint end = end_of(chunk);
  uint at = chunk * chunk_length;
  bool began_before = at > 0 && joined(at - 1);
  uint id = id_of(at);
  float sum = 0.0;
  for (; at < end; ++at) {
    sum += dy[position_of(at) * columns + column];
    const bool more = at + 1 < positions;
    const uint next = more ? id_of(at + 1) : 0;
    const bool goes_on = more && next == id;
    if (goes_on && at + 1 < end) continue;
    if (began_before || goes_on) {
      parts[(2 * chunk + (began_before ? 0 : 1)) * columns + column] = sum;
    } else {
      d_table[id * columns + column] = sum;
    }
    sum = 0.0;
    began_before = false;
    id = next;
  }
}
