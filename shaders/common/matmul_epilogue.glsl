// What matrix products share: their epilogue, and its bindings and constants.
//   p = x + bias      y = activation(p) + residual      p is kept as a second output if asked
//   binding 2  y         [batch, m, n]  written
//   binding 3  bias      [n]            read if constant 1 is 1 (any buffer otherwise)
//   binding 4  pre       [batch, m, n]  written if constant 3 is 1 (y otherwise)
//   binding 5  residual  [batch, m, n]  read if constant 4 is 1 (any buffer otherwise)
//   constant 1  has_bias 0, 1     constant 2  activation 0 to 6     constant 3  keeps_pre 0, 1
//   constant 4  has_residual 0, 1
#include "common/activation.glsl"

layout(constant_id = 1) const uint has_bias = 0;
layout(constant_id = 2) const uint activation_kind = 0;
layout(constant_id = 3) const uint keeps_pre = 0;
layout(constant_id = 4) const uint has_residual = 0;

layout(std430, binding = 2) writeonly buffer Y { float y[]; };
layout(std430, binding = 3) readonly buffer Bias { float bias[]; };
layout(std430, binding = 4) writeonly buffer Pre { float pre[]; };
layout(std430, binding = 5) readonly buffer Residual { float residual[]; };

// Stores the product x of element `at`, which is in column `column`.
void finish(uint at, uint column, float x) {
  if (has_bias == 1) x += bias[column];
  if (keeps_pre == 1) pre[at] = x;
  x = activate(activation_kind, x);
  if (has_residual == 1) x += residual[at];
  y[at] = x;
}
