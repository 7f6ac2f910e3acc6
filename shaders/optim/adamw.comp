// AdamW over flat arenas, with clipping by the global norm (autograd/ops/optimizer.h):
//   g' = f min(1, max_norm / (f norm + 1e-6)) g
//   m = beta1 m + (1 - beta1) g'        v = beta2 v + (1 - beta2) g'^2
//   p = (1 - lr wd) p - lr / c1 m / (sqrt(v) / sqrt(c2) + eps), then clamped to [lower, upper]
// Nothing is written if the norm is not finite. fp32 throughout.
// One invocation takes four neighbouring elements, so that 16 take a block and a workgroup takes
// four blocks; workgroups stride over the rest. Gaps are written back as they are.
//   binding 0  p       [blocks, 64]  f32  read and written
//   binding 1  g       [blocks, 64]  f32
//   binding 2  m       [blocks, 64]  f32  read and written
//   binding 3  v       [blocks, 64]  f32  read and written
//   binding 4  blocks  [blocks, 2]   i32: group, elements that are updated
//   binding 5  groups  [groups, 4]   f32: lr factor, weight decay, lower, upper
//   binding 6  norm    [1]           f32
//   binding 7  hyper   [8]           f32: lr, beta1, beta2, eps, c1, c2, max_norm, f
//   push       number of groups, count of blocks
#version 450

layout(local_size_x = 64) in;

layout(std430, binding = 0) buffer P { vec4 p[]; };
layout(std430, binding = 1) readonly buffer G { vec4 g[]; };
layout(std430, binding = 2) buffer M { vec4 m[]; };
layout(std430, binding = 3) buffer V { vec4 v[]; };
layout(std430, binding = 4) readonly buffer Blocks { ivec2 blocks[]; };
layout(std430, binding = 5) readonly buffer Groups { vec4 groups[]; };
layout(std430, binding = 6) readonly buffer Norm { float norm[]; };
layout(std430, binding = 7) readonly buffer Hyper { float hyper[]; };
layout(push_constant) uniform Push {
  int group_count;
  uint count;
};

void main() {
  // By the bits, since a compiler may take every number for finite.
  if ((floatBitsToUint(norm[0]) & 0x7f800000u) == 0x7f800000u) return;
  const float factor = hyper[7];
  const float clip = hyper[6] > 0.0 ? min(1.0, hyper[6] / (norm[0] * factor + 1e-6)) : 1.0;
  const float beta1 = hyper[1];
  const float beta2 = hyper[2];
  const float root = sqrt(hyper[5]);
  const uint vectors = count * 16;
  for (uint i = gl_GlobalInvocationID.x; i < vectors; i += gl_NumWorkGroups.x * 64) {
    const ivec2 entry = blocks[i / 16];
    const int first = int(i % 16) * 4;
    if (first >= entry.y) continue;
    const bvec4 valid = lessThan(ivec4(0, 1, 2, 3) + first, ivec4(entry.y));
    const vec4 group = groups[clamp(entry.x, 0, group_count - 1)];
    const float lr = hyper[0] * group.x;
    const vec4 gradient = g[i] * (clip * factor);
    const vec4 old_m = m[i];
    const vec4 old_v = v[i];
    const vec4 old_p = p[i];
    const vec4 moment = beta1 * old_m + (1.0 - beta1) * gradient;
    const vec4 square = beta2 * old_v + (1.0 - beta2) * gradient * gradient;
    const vec4 denominator = sqrt(square) / root + hyper[3];
    vec4 value = (1.0 - lr * group.y) * old_p - lr / hyper[4] * (moment / denominator);
    value = mix(value, vec4(group.z), lessThan(value, vec4(group.z)));
    value = mix(value, vec4(group.w), greaterThan(value, vec4(group.w)));
    m[i] = mix(old_m, moment, valid);
    v[i] = mix(old_v, square, valid);
    p[i] = mix(old_p, value, valid);
  }
}
