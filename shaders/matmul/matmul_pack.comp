// to[i, r, c] = from[i, r, c], or from[i, c, r] if transposed, and 0 beyond its sides: matrices
// copied with rows of whole vec4 for matmul_register.
// One workgroup makes 64 elements and strides over the rest.
//   binding 0  from  [batch, rows, columns], or [batch, columns, rows] if transposed  read
//   binding 1  to    [batch, to_rows, to_columns]  written
//   constant 0  transposed: 0, 1
//   push        count (of elements of `to`), rows, columns, to_rows, to_columns
#version 450

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint transposed = 0;

layout(std430, binding = 0) readonly buffer From { float from[]; };
layout(std430, binding = 1) writeonly buffer To { float to[]; };
layout(push_constant) uniform Push {
  uint count;
  uint rows;
  uint columns;
  uint to_rows;
  uint to_columns;
};

void main() {
  const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint at = gl_GlobalInvocationID.x; at < count; at += stride) {
    const uint column = at % to_columns;
    const uint row = at / to_columns % to_rows;
    const uint item = at / (to_columns * to_rows);
    float value = 0;
    if (row < rows && column < columns) {
      const uint inside = transposed == 1 ? column * rows + row : row * columns + column;
      value = from[item * rows * columns + inside];
    }
    to[at] = value;
  }
}
