// What the attention kernels share: where a head's rows lie, and reading them as vec4.
//   constant 0  invocations of a workgroup: 1 to 128
//   constant 1  width of a head: 1 to 256; with QUADS a multiple of 16
//   constant 2  causal: 0, 1
//   constant 3  scale of the scores, 1 / sqrt(width), as a float's bits
//   constant 4  rows that an invocation keeps: 1 to 16
//   constant 5  rows walked over at a time: 1 to 8
//   push  tokens, heads; workgroups: x rows of one head, y heads, z samples
// No shared memory and no barriers: an invocation keeps `each` rows in registers and walks over
// the others, `step_rows` at a time, which all invocations read at one address. Drivers on the CPU
// pay for a load what several multiply-adds cost, so there an invocation takes several rows, and
// few steps keep the unrolled code short.
// With QUADS four invocations keep a row together, each every fourth vec4 of it, and add up what
// they have of a product over the width: rows of 64 channels and their gradients would not fit the
// registers of one. They have neighbouring places in a subgroup, which need not be neighbours in
// the workgroup; subgroups must be full. All arithmetic is fp32.
#ifdef QUADS
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint width = 64;
layout(constant_id = 2) const uint causal = 0;
layout(constant_id = 3) const float scale = 0.125;
layout(constant_id = 4) const uint each = 1;
layout(constant_id = 5) const uint step_rows = 4;
layout(push_constant) uniform Push {
  uint tokens;
  uint heads;
};

#ifdef QUADS
const uint sharers = 4;

// The sum over a row's invocations; all get the same bits.
float over_row(float x) {
  x += subgroupShuffleXor(x, 1);
  return x + subgroupShuffleXor(x, 2);
}
uint place() { return gl_SubgroupID * gl_SubgroupSize + gl_SubgroupInvocationID; }
uint share() { return place() % sharers; }
#else
const uint sharers = 1;
float over_row(float x) { return x; }
uint place() { return gl_LocalInvocationID.x; }
uint share() { return 0; }
#endif

// vec4 of a row that an invocation keeps, and which of the row's its i-th is.
const uint quads = (width + 4 * sharers - 1) / (4 * sharers);
#define OWN(i) ((i) * sharers + share())

// Index of the head's first channel of a token in [N, T, parts, H, D].
uint head_at(uint token, uint parts, uint part) {
  return (((gl_WorkGroupID.z * tokens + token) * parts + part) * heads + gl_WorkGroupID.y) * width;
}

// Rows that a workgroup keeps at a time, `each` times; its first row, and where its rows end.
uint side_rows() { return gl_WorkGroupSize.x / sharers; }
uint group_begin() { return gl_WorkGroupID.x * each * side_rows(); }
uint group_end() { return min(tokens, group_begin() + each * side_rows()); }

// The r-th row of this invocation; it may lie beyond the last.
uint own_row(uint r) {
  return group_begin() + r * side_rows() + place() / sharers;
}

// Index of a token in [N, H, T].
uint row_at(uint token) { return (gl_WorkGroupID.z * heads + gl_WorkGroupID.y) * tokens + token; }

// Reads elements 4 i to 4 i + 3 of a row that starts at `at`, zero beyond the width. `buffer4` is
// `buffer` as vec4, which fits where every row starts at a multiple of four.
#define LOAD(buffer, buffer4, at, i)                                   \
  (width % 4 == 0 ? buffer4[(at) / 4 + (i)]                            \
                  : vec4(buffer[(at) + 4 * (i)],                       \
                         4 * (i) + 1 < width ? buffer[(at) + 4 * (i) + 1] : 0.0, \
                         4 * (i) + 2 < width ? buffer[(at) + 4 * (i) + 2] : 0.0, \
                         4 * (i) + 3 < width ? buffer[(at) + 4 * (i) + 3] : 0.0))

#define STORE(buffer, at, i, value)                                             \
  {                                                                             \
    buffer[(at) + 4 * (i)] = (value).x;                                         \
    if (4 * (i) + 1 < width) buffer[(at) + 4 * (i) + 1] = (value).y;            \
    if (4 * (i) + 2 < width) buffer[(at) + 4 * (i) + 2] = (value).z;            \
    if (4 * (i) + 3 < width) buffer[(at) + 4 * (i) + 3] = (value).w;            \
  }

float dot_add(vec4 a, vec4 b, float sum) {
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}
