// to[i, r, c] = from[i, r, c], and 0 beyond its sides: matrices copied with rows of whole vec4 for
// matmul_register and matmul_lanes.
// One invocation makes a block of 4 rows and 4 columns, one workgroup 8 of them, and strides over
// the rest.
//   binding 0  from  [batch, rows, columns]  read
//   binding 1  to    [batch, to_rows, to_columns], to_columns a multiple of 4  written
//   push        blocks, rows, columns, to_rows, to_columns
#version 450
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x = 8) in;

layout(std430, binding = 0) readonly buffer From { float from[]; };
layout(std430, binding = 1) writeonly buffer To { vec4 to[]; };
layout(push_constant) uniform Push {
  uint blocks;
  uint rows;
  uint columns;
  uint to_rows;
  uint to_columns;
};

void main() {
  const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  const uint across = to_columns / 4;
  const uint down = (to_rows + 3) / 4;
  for (uint block = gl_GlobalInvocationID.x; block < blocks; block += stride) {
    const uint column = block % across * 4;
    const uint row = block / across % down * 4;
    const uint item = block / (across * down);
    const uint from_item = item * rows * columns;
    const uint to_item = item * to_rows * across;
    [[unroll]] for (uint r = 0; r < 4; ++r) {
      vec4 values = vec4(0);
      [[unroll]] for (uint c = 0; c < 4; ++c) {
        if (row + r < rows && column + c < columns) {
          values[c] = from[from_item + (row + r) * columns + column + c];
        }
      }
      if (row + r < to_rows) to[to_item + (row + r) * across + column / 4] = values;
    }
  }
}
