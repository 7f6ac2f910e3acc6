// What the kernels that work on rows share: a workgroup takes constant-0 / constant-1 rows, with
// constant-1 invocations for each, which read its columns in turn.
//   constant 0  invocations of a workgroup: a multiple of constant 1, at most 128
//   constant 1  invocations a row: 1 (no barriers, for drivers on the CPU), or a power of two
// A shader's push constants begin with  uint rows  and  uint columns.
// Sums are fp32: each invocation adds 64 elements at a time to its sum, then a tree over the row's
// invocations, in the same order every time.

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint row_invocations = 1;

shared float shared_values[128];

// This invocation's place among those of its row, and its row, which may lie beyond the last.
uint lane() { return gl_LocalInvocationID.x % row_invocations; }
uint own_row() {
  const uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
  return group * (gl_WorkGroupSize.x / row_invocations) + gl_LocalInvocationID.x / row_invocations;
}

// The sum, or the largest, over a row's invocations; all get it, and all must call it.
float row_sum(float value) {
  if (row_invocations == 1) return value;
  shared_values[gl_LocalInvocationID.x] = value;
  barrier();
  for (uint step = row_invocations / 2; step > 0; step /= 2) {
    if (lane() < step) {
      shared_values[gl_LocalInvocationID.x] += shared_values[gl_LocalInvocationID.x + step];
    }
    barrier();
  }
  const float result = shared_values[gl_LocalInvocationID.x - lane()];
  barrier();
  return result;
}

float row_max(float value) {
  if (row_invocations == 1) return value;
  shared_values[gl_LocalInvocationID.x] = value;
  barrier();
  for (uint step = row_invocations / 2; step > 0; step /= 2) {
    if (lane() < step) {
      shared_values[gl_LocalInvocationID.x] =
          max(shared_values[gl_LocalInvocationID.x],
              shared_values[gl_LocalInvocationID.x + step]);
    }
    barrier();
  }
  const float result = shared_values[gl_LocalInvocationID.x - lane()];
  barrier();
  return result;
}

// Sets `result` to the sum over the row of `term`, an expression in the column `c`.
#define SUM_OVER_COLUMNS(result, c, term)                                           \
  {                                                                                 \
    float sum_ = 0;                                                                 \
    for (uint start_ = lane(); start_ < columns; start_ += 64 * row_invocations) {  \
      const uint stop_ = min(columns, start_ + 64 * row_invocations);               \
      float part_ = 0;                                                              \
      for (uint c = start_; c < stop_; c += row_invocations) part_ += term;         \
      sum_ += part_;                                                                \
    }                                                                               \
    result = row_sum(sum_);                                                         \
  }
