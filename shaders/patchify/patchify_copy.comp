// Pictures to patches, or back: patches[n, (i, j), (c, u, v)] <-> pixels[n, c, i P + u, j P + v].
// One workgroup takes 128 elements in the patches' order and strides over the rest.
//   binding 0  from  [pictures, channels, rows P, columns P] or the patches  read
//   binding 1  to    the other  written
//   constant 0  to_patches: 1 pictures to patches, 0 back
//   push        count, channels, rows, columns (of patches in a picture), P
#version 450

layout(local_size_x = 128) in;
layout(constant_id = 0) const uint to_patches = 1;

layout(std430, binding = 0) readonly buffer From { float from[]; };
layout(std430, binding = 1) writeonly buffer To { float to[]; };
layout(push_constant) uniform Push {
  uint count;
  uint channels;
  uint rows;
  uint columns;
  uint patch_size;
};

void main() {
  const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint at = gl_GlobalInvocationID.x; at < count; at += stride) {
    uint rest = at;
    const uint v = rest % patch_size;
    rest /= patch_size;
    const uint u = rest % patch_size;
    rest /= patch_size;
    const uint c = rest % channels;
    rest /= channels;
    const uint j = rest % columns;
    rest /= columns;
    const uint i = rest % rows;
    const uint n = rest / rows;
    const uint line = ((n * channels + c) * rows + i) * patch_size + u;
    const uint pixel = (line * columns + j) * patch_size + v;
    if (to_patches == 1) {
      to[at] = from[pixel];
    } else {
      to[pixel] = from[at];
    }
  }
}
