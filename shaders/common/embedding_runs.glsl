// Runs of equal ids in sorted order, as core/cpu/embedding.cpp walks them. Positions are summed in
// chunks of 64; the part of a run that leaves its chunk goes to row 2 chunk of `parts` if the run
// began before the chunk, else to row 2 chunk + 1. Ids and positions are clamped to their range.
//   binding 0  ids    [positions]             i32
//   binding 1  order  [positions]             i32, positions sorted by id
//   push       vocabulary, positions, columns, and the bounds of the rows of the table that are
//              bound and of the positions that are summed now: row_begin, row_end, begin, end
const uint chunk_length = 64;

layout(std430, binding = 0) readonly buffer Ids { int ids[]; };
layout(std430, binding = 1) readonly buffer Order { int order[]; };
layout(push_constant) uniform Push {
  uint vocabulary;
  uint positions;
  uint columns;
  uint row_begin;
  uint row_end;
  uint begin;
  uint end;
};

uint position_of(uint sorted) { return uint(clamp(order[sorted], 0, int(positions) - 1)); }

uint id_of(uint sorted) {
  return uint(clamp(ids[position_of(sorted)], 0, int(vocabulary) - 1));
}

// Whether sorted positions `left` and `left + 1` are of one run.
bool joined(uint left) { return left + 1 < positions && id_of(left) == id_of(left + 1); }

uint end_of(uint chunk) { return min((chunk + 1) * chunk_length, positions); }
