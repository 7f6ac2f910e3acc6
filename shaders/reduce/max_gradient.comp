// dx[o, l, i] = dy[o, i] at the first l where x[o, l, i] is y[o, i], else 0.
// One invocation takes one (o, i) and walks over its l; workgroups stride over the rest.
//   binding 0  x   [outer, length, inner]  f32
//   binding 1  y   [outer, inner]          f32
//   binding 2  dy  [outer, inner]          f32
//   binding 3  dx  [outer, length, inner]  f32  written
//   push       length, inner, count = outer * inner
#version 450

layout(local_size_x = 64) in;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) readonly buffer Y { float y[]; };
layout(std430, binding = 2) readonly buffer DY { float dy[]; };
layout(std430, binding = 3) writeonly buffer DX { float dx[]; };
layout(push_constant) uniform Push {
  uint length_;
  uint inner;
  uint count;
};

void main() {
  for (uint i = gl_GlobalInvocationID.x; i < count; i += gl_NumWorkGroups.x * 64) {
    uint at = i / inner * length_ * inner + i % inner;
    const float largest = y[i];
    bool found = false;
    for (uint step = 0; step < length_; ++step, at += inner) {
      const bool here = !found && x[at] == largest;
      dx[at] = here ? dy[i] : 0.0;
      found = found || here;
    }
  }
}
