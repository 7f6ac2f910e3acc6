// SGD with momentum over flat arenas, with clipping by the global norm (autograd/ops/optimizer.h):
//   g' = f min(1, max_norm / (f norm + 1e-6)) g + wd p
//   b = momentum b + g'        p = p - lr b, then clamped to [lower, upper]
// Nothing is written if the norm is not finite. fp32 throughout.
// One invocation takes four neighbouring elements, so that 16 take a block and a workgroup takes
// four blocks; workgroups stride over the rest. Gaps are written back as they are.
//   binding 0  p       [blocks, 64]  f32  read and written
//   binding 1  g       [blocks, 64]  f32
//   binding 2  b       [blocks, 64]  f32  read and written
//   binding 3  blocks  [blocks, 2]   i32: group, elements that are updated
//   binding 4  groups  [groups, 4]   f32: lr factor, weight decay, lower, upper
//   binding 5  norm    [1]           f32
//   binding 6  hyper   [8]           f32: lr, momentum, four that are not used, max_norm, f
//   push       number of groups, count of blocks
#version 450

layout(local_size_x = 64) in;

layout(std430, binding = 0) buffer P { vec4 p[]; };
layout(std430, binding = 1) readonly buffer G { vec4 g[]; };
layout(std430, binding = 2) buffer B { vec4 b[]; };
layout(std430, binding = 3) readonly buffer Blocks { ivec2 blocks[]; };
layout(std430, binding = 4) readonly buffer Groups { vec4 groups[]; };
layout(std430, binding = 5) readonly buffer Norm { float norm[]; };
layout(std430, binding = 6) readonly buffer Hyper { float hyper[]; };
layout(push_constant) uniform Push {
  int group_count;
  uint count;
};

void main() {
  // By the bits, since a compiler may take every number for finite.
  if ((floatBitsToUint(norm[0]) & 0x7f800000u) == 0x7f800000u) return;
  const float factor = hyper[7];
  const float clip = hyper[6] > 0.0 ? min(1.0, hyper[6] / (norm[0] * factor + 1e-6)) : 1.0;
  const uint vectors = count * 16;
  for (uint i = gl_GlobalInvocationID.x; i < vectors; i += gl_NumWorkGroups.x * 64) {
    const ivec2 entry = blocks[i / 16];
    const int first = int(i % 16) * 4;
    if (first >= entry.y) continue;
    const bvec4 valid = lessThan(ivec4(0, 1, 2, 3) + first, ivec4(entry.y));
    const vec4 group = groups[clamp(entry.x, 0, group_count - 1)];
    const vec4 old_p = p[i];
    const vec4 old_b = b[i];
    const vec4 momentum = hyper[1] * old_b + (g[i] * (clip * factor) + group.y * old_p);
    vec4 value = old_p - hyper[0] * group.x * momentum;
    value = mix(value, vec4(group.z), lessThan(value, vec4(group.z)));
    value = mix(value, vec4(group.w), greaterThan(value, vec4(group.w)));
    b[i] = mix(old_b, momentum, valid);
    p[i] = mix(old_p, value, valid);
  }
}
