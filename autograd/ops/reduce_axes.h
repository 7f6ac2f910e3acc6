// Axes of reductions as runs of neighbours: what sum, broadcast_to and max share.
#pragma once

#include "autograd/op.h"
#include "core/cpu/reduce.h"

namespace tandem {

// Axes [first, last).
struct AxisRun {
  int64_t first = 0;
  int64_t last = 0;
};

// Axes to reduce as runs, last run first (each leaves the axes before it where they are), and the
// shape afterwards with the reduced axes kept at length 1 or removed. Axes of length 1 between
// two reduced ones do not part runs.
struct AxisRuns {
  std::vector<AxisRun> runs;
  Shape kept;
  Shape removed;
};

// No axes given: all. Throws ShapeError named `who` for an axis that x lacks or is given twice.
AxisRuns axis_runs(std::string_view who, const Shape& x, const std::vector<int>& axes);

// The run in a node's attributes "first" and "last".
AxisRun run_of(const Attributes& attributes);

// x as [outer, length, inner] around the run.
ReduceSize reduce_size(const Shape& x, AxisRun run);

// x with the run's axes at length 1.
Shape reduced(const Shape& x, AxisRun run);

// x with axes of length 1 put before it.
Shape padded(const Shape& x, int rank);

// The flat index of (o, l, i).
size_t element(const ReduceSize& size, int64_t o, int64_t l, int64_t i);

// Throws ShapeError named `who`.
void require_f32(std::string_view who, const TensorType& x);

}  // namespace tandem
