// What matrix products share: their epilogue, and its bindings and constants.
//   p = x + bias      y = activation(p) + residual      p is kept as a second output if asked
//   binding 2  y         [batch, m, n]  written
//   binding 3  bias      [n]            read if constant 1 is 1 (any buffer otherwise)
//   binding 4  pre       [batch, m, n]  written if constant 3 is 1 (y otherwise)
//   binding 5  residual  [batch, m, n]  read if constant 4 is 1 (any buffer otherwise)
//   constant 1  has_bias 0, 1     constant 2  activation 0 to 6     constant 3  keeps_pre 0, 1
//   constant 4  has_residual 0, 1
//   constants 12, 13  elements of y and of pre: 0 f32, 1 bf16, 2 f16; of 16 bits only where all
//                is stored by finish_pair, or the shader has 16-bit storage and says so by
//                STORES_HALVES
#include "common/activation.glsl"
#include "common/half.glsl"

layout(constant_id = 1) const uint has_bias = 0;
layout(constant_id = 2) const uint activation_kind = 0;
layout(constant_id = 3) const uint keeps_pre = 0;
layout(constant_id = 4) const uint has_residual = 0;
layout(constant_id = 12) const uint y_kind = 0;
layout(constant_id = 13) const uint pre_kind = 0;

layout(std430, binding = 2) writeonly buffer Y { float y[]; };
layout(std430, binding = 2) writeonly buffer YPairs { uint y_pairs[]; };
layout(std430, binding = 3) readonly buffer Bias { float bias[]; };
layout(std430, binding = 4) writeonly buffer Pre { float pre[]; };
layout(std430, binding = 4) writeonly buffer PrePairs { uint pre_pairs[]; };
layout(std430, binding = 5) readonly buffer Residual { float residual[]; };

#ifdef STORES_HALVES
layout(std430, binding = 2) writeonly buffer YHalves { uint16_t y_halves[]; };
layout(std430, binding = 4) writeonly buffer PreHalves { uint16_t pre_halves[]; };
#define STORE(kind, floats, halves, at, x)                                            \
  if (kind == 0) floats[at] = x;                                                      \
  else halves[at] = uint16_t(kind == 1 ? bf16_from_float(x) : f16_from_float(x))
#else
#define STORE(kind, floats, halves, at, x) floats[at] = x
#endif

// Stores the product x of element `at`, which is in column `column`.
void finish(uint at, uint column, float x) {
  if (has_bias == 1) x += bias[column];
  if (keeps_pre == 1) { STORE(pre_kind, pre, pre_halves, at, x); }
  x = activate(activation_kind, x);
  if (has_residual == 1) x += residual[at];
  STORE(y_kind, y, y_halves, at, x);
}

uint pair_of(uint kind, vec2 x) {
  return kind == 1 ? bf16_from_float(x.x) | (bf16_from_float(x.y) << 16)
                   : f16_from_float(x.x) | (f16_from_float(x.y) << 16);
}

// The same for elements `at` and, if `both`, at + 1, in these columns. Two elements of 16 bits
// share a word, so then `at` is even, and a lone element is the last of all.
void finish_pair(uint at, uvec2 column, vec2 x, bool both) {
  if (y_kind == 0 && (pre_kind == 0 || keeps_pre == 0)) {
    finish(at, column.x, x.x);
    if (both) finish(at + 1, column.y, x.y);
    return;
  }
  if (!both) column.y = column.x;
  if (has_bias == 1) x += vec2(bias[column.x], bias[column.y]);
  if (keeps_pre == 1 && pre_kind == 0) {
    pre[at] = x.x;
    if (both) pre[at + 1] = x.y;
  }
  if (keeps_pre == 1 && pre_kind != 0) pre_pairs[at / 2] = pair_of(pre_kind, x);
  x = vec2(activate(activation_kind, x.x), activate(activation_kind, x.y));
  if (has_residual == 1) x += vec2(residual[at], both ? residual[at + 1] : 0.0);
  if (y_kind == 0) {
    y[at] = x.x;
    if (both) y[at + 1] = x.y;
  } else {
    y_pairs[at / 2] = pair_of(y_kind, x);
  }
}
