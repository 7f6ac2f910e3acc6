// common/cooperative.glsl without the extension, so that all but the intrinsics themselves runs
// anywhere: `lanes` invocations side by side, whatever the driver's subgroups are, hold a sum in
// turn, at most 32 elements each; factors stay in shared memory, and what stands for one is where
// it lies there.
//   constant 17  the elements: 1 bf16, 2 f16
layout(constant_id = 17) const uint element_kind = 2;

const uint held = (mat_m * mat_n + lanes - 1) / lanes;

struct Factor {
  uint at;
  uint stride;
};
struct Sum {
  float part[32];  // `held` of them; a struct sized by constants could not be assigned
};
#define MATRIX_A Factor
#define MATRIX_B Factor
#define MATRIX_SUM Sum

uint group_number() { return gl_LocalInvocationIndex / lanes; }
uint group_lane() { return gl_LocalInvocationIndex % lanes; }

Sum zero_sum() {
  Sum sum;
  for (uint i = 0; i < 32; ++i) sum.part[i] = 0;
  return sum;
}
#define ZERO_SUM() zero_sum()

Factor load_a(uint at, uint stride) { return Factor(at, stride); }
Factor load_b(uint at, uint stride) { return Factor(at, stride); }

// Element `i` of the uvec4 that holds it and its neighbours.
float element(uvec4 unit, uint i) {
  const uint bits = (unit[i / 2] >> (16 * (i % 2))) & 0xffffu;
  return element_kind == 1 ? float_from_bf16(bits) : float_from_f16(bits);
}

float element_a(Factor a, uint row, uint depth) {
  const uint outer = transposed_a == 1 ? depth : row;
  const uint inner = transposed_a == 1 ? row : depth;
  return element(tile_a[a.at + outer * a.stride + inner / 8], inner % 8);
}

float element_b(Factor b, uint depth, uint column) {
  const uint outer = transposed_b == 1 ? column : depth;
  const uint inner = transposed_b == 1 ? depth : column;
  return element(tile_b[b.at + outer * b.stride + inner / 8], inner % 8);
}

void multiply_add(Factor a, Factor b, inout Sum sum) {
  [[dont_unroll]] for (uint i = 0; i < held; ++i) {
    const uint at = i * lanes + group_lane();
    if (at >= mat_m * mat_n) continue;
    [[dont_unroll]] for (uint depth = 0; depth < mat_k; ++depth) {
      sum.part[i] =
          fma(element_a(a, at / mat_n, depth), element_b(b, depth, at % mat_n), sum.part[i]);
    }
  }
}
#define MULTIPLY_ADD(a, b, sum) multiply_add(a, b, sum)

void stage_sum(Sum sum) {
  [[dont_unroll]] for (uint i = 0; i < held; ++i) {
    const uint at = i * lanes + group_lane();
    if (at < mat_m * mat_n) stage[group_number() * mat_m * mat_n + at] = sum.part[i];
  }
}
#define STAGE(sum) stage_sum(sum)
#define STAGE_BARRIER() barrier()
