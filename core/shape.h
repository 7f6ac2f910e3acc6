// Shapes of dense row-major tensors.
#pragma once

#include "core/dtype.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace tandem {

// Up to six axes, outermost first. A scalar has rank 0 and one element.
class Shape {
 public:
  static constexpr int max_rank = 6;

  Shape() = default;
  Shape(std::initializer_list<int64_t> axes);
  explicit Shape(std::span<const int64_t> axes);

  int rank() const { return rank_; }

  // Length of an axis; negative counts from the last. Throws ShapeError out of range.
  int64_t operator[](int axis) const;

  // Product of all axes.
  int64_t elements() const;

  // Product of the axes [first, last).
  int64_t elements(int first, int last) const;

  // The axis as a non-negative index. Throws ShapeError out of range.
  int normalized_axis(int axis) const;

  // The shape with one axis set to another length.
  Shape with(int axis, int64_t length) const;

  std::span<const int64_t> axes() const { return {axes_.data(), static_cast<size_t>(rank_)}; }
  bool operator==(const Shape&) const = default;

  // "[2, 3]"; a scalar is "[]".
  std::string str() const;

 private:
  std::array<int64_t, max_rank> axes_{};
  int rank_ = 0;
};

// An element type and a shape.
struct TensorType {
  DType dtype = DType::f32;
  Shape shape;

  size_t bytes() const { return static_cast<size_t>(shape.elements()) * size_of(dtype); }
  bool operator==(const TensorType&) const = default;
  std::string str() const;  // "f32 [2, 3]"
};

// The shape that two shapes broadcast to (NumPy's rule). Throws ShapeError named `who`.
Shape broadcast(const Shape& a, const Shape& b, std::string_view who);

}  // namespace tandem

template <>
struct fmt::formatter<tandem::Shape> : fmt::formatter<std::string> {
  auto format(const tandem::Shape& shape, format_context& context) const {
    return fmt::formatter<std::string>::format(shape.str(), context);
  }
};
