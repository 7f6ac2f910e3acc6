// y[i] = x[i], whole numbers as floats.
// One invocation takes one element; workgroups stride over the rest.
//   binding 0  x  [count]  i32
//   binding 1  y  [count]  f32  written
//   push       count
#version 450

layout(local_size_x = 128) in;

layout(std430, binding = 0) readonly buffer X { int x[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { uint count; };

void main() {
  for (uint i = gl_GlobalInvocationID.x; i < count; i += gl_NumWorkGroups.x * 128) {
    y[i] = float(x[i]);
  }
}
