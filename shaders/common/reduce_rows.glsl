// y[o, part] = factor * COMBINE over the part's l of x[o, l]: one level of a reduction over the
// last axis. Parts are `part` steps long, the last one shorter.
// One workgroup takes one element of y: each invocation combines every 128th l, then halves of
// the workgroup are combined in shared memory. Workgroups stride over the rest. fp32 throughout.
//   binding 0  x  [outer, length]  f32
//   binding 1  y  [outer, parts]   f32  written
//   push       length, part, parts, factor, count = outer * parts
layout(local_size_x = 128) in;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push {
  uint length_;
  uint part;
  uint parts;
  float factor;
  uint count;
};

shared float partial[128];

void main() {
  const uint lane = gl_LocalInvocationID.x;
  for (uint i = gl_WorkGroupID.x; i < count; i += gl_NumWorkGroups.x) {
    const uint outer = i / parts;
    const uint first = (i - outer * parts) * part;
    const uint steps = min(part, length_ - first);
    const uint start = outer * length_ + first;
    float result = START;
    for (uint step = lane; step < steps; step += 128) result = COMBINE(result, x[start + step]);
    partial[lane] = result;
    barrier();
    for (uint half_ = 64; half_ > 0; half_ /= 2) {
      if (lane < half_) partial[lane] = COMBINE(partial[lane], partial[lane + half_]);
      barrier();
    }
    if (lane == 0) y[i] = partial[0] * factor;
    barrier();
  }
}
