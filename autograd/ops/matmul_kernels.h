// What the ops that are matrix products share: one product with its epilogue, on each backend.
#pragma once

#include "autograd/graph.h"
#include "autograd/ops/matmul_split.h"
#include "core/cpu/matmul.h"

namespace tandem {

// The product op(a) op(b) as matmul() in autograd/ops/matmul.h defines it, leading axes folded.
// Throws ShapeError named `who`.
MatmulShape product_of(std::string_view who, const Shape& a, const Shape& b, bool transpose_a,
                       bool transpose_b);

// y = op(a) op(b) in double.
void reference_product(const MatmulShape& shape, const std::vector<double>& a,
                       const std::vector<double>& b, std::vector<double>& y);

// Fails as `who` unless every given input is f32.
void require_f32(std::string_view who, const OpContext& context);

// The scratch that a product takes on a device.
size_t product_scratch(const MatmulShape& shape, const DeviceInfo& device, MatmulDesign design,
                       const MatmulTypes& types = {});

// The types of a product of inputs 0 and 1 that is output 0.
MatmulTypes types_of(const OpContext& context);

// The op attribute "design", which tests set to reach each design on any device.
inline MatmulDesign design_of(const Attributes& attributes) {
  return static_cast<MatmulDesign>(attributes.integer("design"));
}

// matmul() and linear() with a design of the Vulkan kernels, for tests.
Tensor matmul_by(MatmulDesign design, Tensor a, Tensor b, bool transpose_a, bool transpose_b);
Tensor linear_by(MatmulDesign design, Tensor x, Tensor weight, Tensor bias, Activation activation,
                 Tensor residual);

}  // namespace tandem
