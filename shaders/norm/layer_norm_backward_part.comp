// A part's share of dgamma = sum over rows of dy xhat and dbeta = sum over rows of dy, with
// xhat = (x - mean) rstd. A workgroup takes 64 columns of one part of the rows, an invocation one
// column; sums are fp32, 64 rows at a time.
//   binding 0  x [rows, columns]  read  binding 1  mean [rows]  read  binding 2  rstd [rows]  read
//   binding 3  dy [rows, columns]  read
//   binding 4  partial [parts, 2, columns]  written from part `first_part` on
//   push  rows, columns, part_rows, first_part; workgroups: x columns / 64, y parts
#version 450

layout(local_size_x = 64) in;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) readonly buffer Mean { float means[]; };
layout(std430, binding = 2) readonly buffer Rstd { float rstds[]; };
layout(std430, binding = 3) readonly buffer Dy { float dy[]; };
layout(std430, binding = 4) writeonly buffer Partial { float partial[]; };
layout(push_constant) uniform Push {
  uint rows;
  uint columns;
  uint part_rows;
  uint first_part;
};

void main() {
  const uint c = gl_GlobalInvocationID.x;
  if (c >= columns) return;
  const uint begin = gl_WorkGroupID.y * part_rows;
  const uint end = min(rows, begin + part_rows);
  float dgamma = 0;
  float dbeta = 0;
  for (uint start = begin; start < end; start += 64) {
    const uint stop = min(end, start + 64);
    float part_gamma = 0;
    float part_beta = 0;
    for (uint row = start; row < stop; ++row) {
      const float slope = dy[row * columns + c];
      part_gamma = fma(slope, (x[row * columns + c] - means[row]) * rstds[row], part_gamma);
      part_beta += slope;
    }
    dgamma += part_gamma;
    dbeta += part_beta;
  }
  const uint to = (first_part + gl_WorkGroupID.y) * 2 * columns + c;
  partial[to] = dgamma;
  partial[to + columns] = dbeta;
}
