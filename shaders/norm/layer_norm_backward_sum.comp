// dgamma and dbeta: the parts' shares added up in order, fp32. An invocation takes one column.
//   binding 0  partial [parts, 2, columns]  read
//   binding 1  dgamma [columns]  written   binding 2  dbeta [columns]  written
//   push  parts, columns
#version 450

layout(local_size_x = 64) in;

layout(std430, binding = 0) readonly buffer Partial { float partial[]; };
layout(std430, binding = 1) writeonly buffer Dgamma { float dgamma[]; };
layout(std430, binding = 2) writeonly buffer Dbeta { float dbeta[]; };
layout(push_constant) uniform Push {
  uint parts;
  uint columns;
};

void main() {
  const uint c = gl_GlobalInvocationID.x;
  if (c >= columns) return;
  float sum_gamma = 0;
  float sum_beta = 0;
  for (uint part = 0; part < parts; ++part) {
    sum_gamma += partial[part * 2 * columns + c];
    sum_beta += partial[part * 2 * columns + columns + c];
  }
  dgamma[c] = sum_gamma;
  dbeta[c] = sum_beta;
}
