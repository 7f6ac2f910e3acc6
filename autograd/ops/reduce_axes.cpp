#include "autograd/ops/reduce_axes.h"

#include <algorithm>

namespace tandem {

namespace {

std::vector<bool> marked(std::string_view who, const Shape& x, const std::vector<int>& axes) {
  std::vector<bool> marks(static_cast<size_t>(x.rank()), axes.empty());
  for (const int axis : axes) {
    if (axis < -x.rank() || axis >= x.rank()) {
      fail<ShapeError>("{}: x is {}, which has no axis {}.", who, x, axis);
    }
    const auto index = static_cast<size_t>(x.normalized_axis(axis));
    if (marks[index]) fail<ShapeError>("{}: axis {} of {} is given twice.", who, axis, x);
    marks[index] = true;
  }
  return marks;
}

}  // namespace

AxisRuns axis_runs(std::string_view who, const Shape& x, const std::vector<int>& axes) {
  const std::vector<bool> marks = marked(who, x, axes);
  AxisRuns result;
  std::vector<int64_t> kept;
  std::vector<int64_t> removed;
  bool open = false;  // the last run may still grow
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool reduce = marks[static_cast<size_t>(axis)];
    kept.push_back(reduce ? 1 : x[axis]);
    if (!reduce) removed.push_back(x[axis]);
    if (x[axis] == 1) continue;
    if (reduce && open) {
      result.runs.back().last = axis + 1;
    } else if (reduce) {
      result.runs.push_back({axis, axis + 1});
    }
    open = reduce;
  }
  std::reverse(result.runs.begin(), result.runs.end());
  result.kept = Shape(kept);
  result.removed = Shape(removed);
  return result;
}

AxisRun run_of(const Attributes& attributes) {
  return {attributes.integer("first"), attributes.integer("last")};
}

ReduceSize reduce_size(const Shape& x, AxisRun run) {
  const int first = static_cast<int>(run.first);
  const int last = static_cast<int>(run.last);
  return {x.elements(0, first), x.elements(first, last), x.elements(last, x.rank())};
}

Shape reduced(const Shape& x, AxisRun run) {
  Shape result = x;
  for (int64_t axis = run.first; axis < run.last; ++axis) {
    result = result.with(static_cast<int>(axis), 1);
  }
  return result;
}

Shape padded(const Shape& x, int rank) {
  std::vector<int64_t> axes(static_cast<size_t>(std::max(0, rank - x.rank())), 1);
  axes.insert(axes.end(), x.axes().begin(), x.axes().end());
  return Shape(axes);
}

size_t element(const ReduceSize& size, int64_t o, int64_t l, int64_t i) {
  return static_cast<size_t>((o * size.length + l) * size.inner + i);
}

void require_f32(std::string_view who, const TensorType& x) {
  if (x.dtype != DType::f32) {
    fail<ShapeError>("{}: x is {} but only f32 is supported; cast it.", who, x.str());
  }
}

}  // namespace tandem
