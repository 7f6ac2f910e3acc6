// Checks that many ops' shape rules share.
#pragma once

#include "autograd/op.h"

namespace tandem {

// Throws ShapeError named `op` if one of the first `count` inputs is not f32.
inline void require_f32(const OpContext& context, std::string_view op, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (context.has(i) && context.inputs[i]->dtype != DType::f32) {
      fail<ShapeError>("{}: input {} is {}; pass an f32 tensor.", op, i, context.inputs[i]->str());
    }
  }
}

// Throws ShapeError named `op` unless x has an axis and each axis a length of at least one.
inline void require_rows(const Shape& x, std::string_view op) {
  if (x.rank() < 1 || x.elements() < 1) {
    fail<ShapeError>("{}: x is {}; expected at least one axis and one element.", op, x);
  }
}

// Rows of a tensor seen as [rows, last axis].
inline int64_t rows_of(const Shape& x) { return x.elements(0, x.rank() - 1); }

}  // namespace tandem
