// Matrices that a subgroup holds together (GL_KHR_cooperative_matrix), 16 bits in and fp32 out.
// common/cooperative_emulated.glsl has the same without the extension; whoever includes either
// defines ELEMENT, the components of A and B, and declares the shared arrays that they come from:
//   tile_a, tile_b  uvec4 of 8 elements, rows one after another, or columns if transposed
//   stage           floats, one block of mat_m mat_n for each subgroup
//   constants 14 to 16  mat_m, mat_n, mat_k: a size that the driver has
//   constant 20  invocations of a subgroup

#define MATRIX_A coopmat<ELEMENT, gl_ScopeSubgroup, mat_m, mat_k, gl_MatrixUseA>
#define MATRIX_B coopmat<ELEMENT, gl_ScopeSubgroup, mat_k, mat_n, gl_MatrixUseB>
#define MATRIX_SUM coopmat<float, gl_ScopeSubgroup, mat_m, mat_n, gl_MatrixUseAccumulator>

// This subgroup's number in the workgroup, and this invocation's in the subgroup.
uint group_number() { return gl_SubgroupID; }
uint group_lane() { return gl_SubgroupInvocationID; }

#define ZERO_SUM() MATRIX_SUM(0.0)

// The matrix that begins at unit `at` of its tile; its rows (or columns) are `stride` units apart.
MATRIX_A load_a(uint at, uint stride) {
  MATRIX_A matrix;
  if (transposed_a == 1) {
    coopMatLoad(matrix, tile_a, at, stride, gl_CooperativeMatrixLayoutColumnMajor);
  } else {
    coopMatLoad(matrix, tile_a, at, stride, gl_CooperativeMatrixLayoutRowMajor);
  }
  return matrix;
}

MATRIX_B load_b(uint at, uint stride) {
  MATRIX_B matrix;
  if (transposed_b == 1) {
    coopMatLoad(matrix, tile_b, at, stride, gl_CooperativeMatrixLayoutColumnMajor);
  } else {
    coopMatLoad(matrix, tile_b, at, stride, gl_CooperativeMatrixLayoutRowMajor);
  }
  return matrix;
}

// sum += a b
#define MULTIPLY_ADD(a, b, sum) sum = coopMatMulAdd(a, b, sum)

// Writes a sum to the subgroup's block of `stage`, row by row; STAGE_BARRIER() must come before the
// subgroup reads it, and before the next one.
#define STAGE(sum)                                                  \
  coopMatStore(sum, stage, group_number() * mat_m * mat_n, mat_n,   \
               gl_CooperativeMatrixLayoutRowMajor)
#define STAGE_BARRIER() subgroupBarrier()
