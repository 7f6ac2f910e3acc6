// sum[i] = part[i] where more is 0, whatever was there, else sum[i] + part[i]: gradients over the
// parts of a batch (autograd/ops/accumulate.h). fp32 throughout.
// One invocation takes four neighbouring elements; workgroups stride over the rest.
//   binding 0  sum   [count]  f32, as vectors of 4  read and written, to the next multiple of 4
//   binding 1  part  [count]  f32, as vectors of 4
//   binding 2  more  [1]      f32
//   push       count
#version 450

layout(local_size_x = 128) in;

layout(std430, binding = 0) buffer Sum { vec4 sum[]; };
layout(std430, binding = 1) readonly buffer Part { vec4 part[]; };
layout(std430, binding = 2) readonly buffer More { float more[]; };
layout(push_constant) uniform Push { uint count; };

void main() {
  const uint vectors = (count + 3) / 4;
  const bool grows = more[0] != 0.0;
  for (uint i = gl_GlobalInvocationID.x; i < vectors; i += gl_NumWorkGroups.x * 128) {
    sum[i] = grows ? sum[i] + part[i] : part[i];
  }
}
