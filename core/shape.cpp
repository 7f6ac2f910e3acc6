#include "core/shape.h"

#include "core/error.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace tandem {

Shape::Shape(std::initializer_list<int64_t> axes)
    : Shape(std::span<const int64_t>(axes.begin(), axes.size())) {}

Shape::Shape(std::span<const int64_t> axes) : rank_(static_cast<int>(axes.size())) {
  if (axes.size() > max_rank) {
    fail<ShapeError>("shape: {} axes given; at most {} are supported.", axes.size(), max_rank);
  }
  std::copy(axes.begin(), axes.end(), axes_.begin());
  for (const int64_t axis : axes) {
    if (axis <= 0) fail<ShapeError>("shape: {} has an axis that is not positive.", str());
  }
}

int Shape::normalized_axis(int axis) const {
  const int index = axis < 0 ? axis + rank_ : axis;
  if (index < 0 || index >= rank_) fail<ShapeError>("shape: {} has no axis {}.", str(), axis);
  return index;
}

int64_t Shape::operator[](int axis) const {
  return axes_[static_cast<size_t>(normalized_axis(axis))];
}

int64_t Shape::elements() const { return elements(0, rank_); }

int64_t Shape::elements(int first, int last) const {
  int64_t product = 1;
  for (int axis = first; axis < last; ++axis) product *= axes_[static_cast<size_t>(axis)];
  return product;
}

Shape Shape::with(int axis, int64_t length) const {
  Shape result = *this;
  result.axes_[static_cast<size_t>(normalized_axis(axis))] = length;
  return result;
}

std::string Shape::str() const { return fmt::format("[{}]", fmt::join(axes(), ", ")); }

std::string TensorType::str() const { return fmt::format("{} {}", name_of(dtype), shape); }

Shape broadcast(const Shape& a, const Shape& b, std::string_view who) {
  const int rank = std::max(a.rank(), b.rank());
  std::array<int64_t, Shape::max_rank> axes{};
  for (int i = 0; i < rank; ++i) {
    const int64_t x = i < rank - a.rank() ? 1 : a[i - (rank - a.rank())];
    const int64_t y = i < rank - b.rank() ? 1 : b[i - (rank - b.rank())];
    if (x != y && x != 1 && y != 1) {
      fail<ShapeError>("{}: {} and {} do not broadcast: axis {} is {} against {}.", who, a, b, i,
                       x, y);
    }
    axes[static_cast<size_t>(i)] = std::max(x, y);
  }
  return Shape(std::span<const int64_t>(axes.data(), static_cast<size_t>(rank)));
}

}  // namespace tandem
