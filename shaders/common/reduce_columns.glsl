// y[o, part, i] = factor * COMBINE over the part's l of x[o, l, i]: one level of a reduction over
// the middle axis. Parts are `part` steps long, the last one shorter.
// One invocation takes one element of y and walks over its l in order; neighbours walk over
// neighbouring columns. Workgroups stride over the rest. fp32 throughout.
//   binding 0  x  [outer, length, inner]  f32
//   binding 1  y  [outer, parts, inner]   f32  written
//   push       length, inner, part, parts, factor, count = outer * parts * inner
layout(local_size_x = 64) in;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push {
  uint length_;
  uint inner;
  uint part;
  uint parts;
  float factor;
  uint count;
};

void main() {
  for (uint i = gl_GlobalInvocationID.x; i < count; i += gl_NumWorkGroups.x * 64) {
    const uint row = i / inner;  // of [outer, parts]
    const uint outer = row / parts;
    const uint first = (row - outer * parts) * part;
    const uint steps = min(part, length_ - first);
    uint at = (outer * length_ + first) * inner + (i - row * inner);
    float result = x[at];
    for (uint step = 1; step < steps; ++step) {
      at += inner;
      result = COMBINE(result, x[at]);
    }
    y[i] = result * factor;
  }
}
