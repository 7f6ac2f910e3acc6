// The product of common/matmul_register.glsl where each invocation loads what it needs of a: for
// drivers that load an address that is the same for all lanes once.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common/matmul_register.glsl"

// Two rows of b in 4 columns from vec4 `column` on.
mat2x4 rows_of_b(uint at, uint column, uint k2) {
  if (transposed_b == 0) {
    at += 2 * k2 * row_b + min(column, row_b - 1);
    return mat2x4(b[at], b[at + row_b]);
  }
  at = 2 * at + k2;
  return transpose(mat4x2(pairs_b[at + 2 * row_b * min(4 * column, n - 1)],
                          pairs_b[at + 2 * row_b * min(4 * column + 1, n - 1)],
                          pairs_b[at + 2 * row_b * min(4 * column + 2, n - 1)],
                          pairs_b[at + 2 * row_b * min(4 * column + 3, n - 1)]));
}

// Two steps of k in the loop's body, which still fit the micro-op cache. SwiftShader takes both
// sides of a branch, even one on a constant, so the loops have as few as can be.
void multiply_plain(uint item, uint row, uint column, uint begin, uint end) {
  for (uint k2 = begin; k2 < end; ++k2) {
    const mat2x4 l = rows_of_b(item * item_b, column, k2);
    const mat2x4 r = rows_of_b(item * item_b, column + lanes, k2);
    uint at = 2 * (item * item_a + row * row_a) + k2;
    [[unroll]] for (uint s = 0; s < rows; ++s) {
      const vec2 x = pairs_a[at];
      at += 2 * row_a;
      left[s] = fma(vec4(x.y), l[1], fma(vec4(x.x), l[0], left[s]));
      right[s] = fma(vec4(x.y), r[1], fma(vec4(x.x), r[0], right[s]));
    }
  }
}

void multiply_transposed(uint item, uint row, uint column, uint begin, uint end) {
  for (uint k2 = begin; k2 < end; ++k2) {
    const mat2x4 l = rows_of_b(item * item_b, column, k2);
    const mat2x4 r = rows_of_b(item * item_b, column + lanes, k2);
    const uint at = item * item_a + 2 * k2 * row_a + row / 4;
    [[unroll]] for (uint q = 0; q < rows / 4; ++q) {
      const vec4 x = a[at + q];
      const vec4 y = a[at + row_a + q];
      [[unroll]] for (uint i = 0; i < 4; ++i) {
        left[4 * q + i] = fma(vec4(y[i]), l[1], fma(vec4(x[i]), l[0], left[4 * q + i]));
        right[4 * q + i] = fma(vec4(y[i]), r[1], fma(vec4(x[i]), r[0], right[4 * q + i]));
      }
    }
  }
}

void multiply(uint item, uint row, uint column, uint begin, uint end) {
  if (transposed_a == 1) {
    multiply_transposed(item, row, column, 2 * begin, 2 * end);
  } else {
    multiply_plain(item, row, column, 2 * begin, 2 * end);
  }
}

void main() { make_all(); }
