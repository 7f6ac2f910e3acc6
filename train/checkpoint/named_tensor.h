// A parameter, or another array of floats, with the name it has in files.
#pragma once

#include "core/shape.h"

#include <string>
#include <vector>

namespace tandem {

struct NamedTensor {
  std::string name;
  Shape shape;
  std::vector<float> values;  // row-major, shape.elements() of them

  bool operator==(const NamedTensor&) const = default;
};

}  // namespace tandem
