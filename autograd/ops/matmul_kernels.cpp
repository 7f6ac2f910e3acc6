#include "autograd/ops/matmul_kernels.h"

namespace tandem {

namespace {

// Whether the axes before the last two agree.
bool same_leading(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank()) return false;
  for (int axis = 0; axis + 2 < a.rank(); ++axis) {
    if (a[axis] != b[axis]) return false;
  }
  return true;
}

}  // namespace

MatmulShape product_of(std::string_view who, const Shape& a, const Shape& b, bool transpose_a,
                       bool transpose_b) {
  const auto refuse = [&](std::string_view why) {
    fail<ShapeError>("{}: a is {}{} and b is {}{}; {}.", who, a, transpose_a ? " transposed" : "",
                     b, transpose_b ? " transposed" : "", why);
  };
  if (a.rank() < 2 || b.rank() < 2) refuse("both need two axes or more");
  MatmulShape shape{.m = transpose_a ? a[-1] : a[-2],
                    .n = transpose_b ? b[-2] : b[-1],
                    .k = transpose_a ? a[-2] : a[-1],
                    .transpose_a = transpose_a,
                    .transpose_b = transpose_b};
  if (shape.k != (transpose_b ? b[-1] : b[-2])) refuse("the axes to sum over differ");
  if (b.rank() == 2 && a.rank() > 2 && !transpose_a) {
    shape.m *= a.elements(0, a.rank() - 2);
  } else if (same_leading(a, b)) {
    shape.batch = a.elements(0, a.rank() - 2);
  } else {
    refuse("the leading axes must be equal, or b of rank 2 and a not transposed");
  }
  return shape;
}

void reference_product(const MatmulShape& shape, const std::vector<double>& a,
                       const std::vector<double>& b, std::vector<double>& y) {
  const int64_t step_a = shape.transpose_a ? shape.m : 1;
  const int64_t step_b = shape.transpose_b ? 1 : shape.n;
  for (int64_t item = 0; item < shape.batch; ++item) {
    for (int64_t i = 0; i < shape.m; ++i) {
      for (int64_t j = 0; j < shape.n; ++j) {
        const double* from_a = a.data() + item * shape.m * shape.k;
        const double* from_b = b.data() + item * shape.k * shape.n;
        from_a += shape.transpose_a ? i : i * shape.k;
        from_b += shape.transpose_b ? j * shape.k : j;
        double sum = 0;
        for (int64_t k = 0; k < shape.k; ++k) sum += from_a[k * step_a] * from_b[k * step_b];
        y[static_cast<size_t>((item * shape.m + i) * shape.n + j)] = sum;
      }
    }
  }
}

void require_f32(std::string_view who, const OpContext& context) {
  for (size_t i = 0; i < context.inputs.size(); ++i) {
    if (context.has(i) && context.inputs[i]->dtype != DType::f32) {
      fail<ShapeError>("{}: input {} is {}; pass f32 tensors.", who, i, context.inputs[i]->str());
    }
  }
}

MatmulTypes types_of(const OpContext& context) {
  return {.in = context.inputs.at(0)->dtype, .y = context.outputs.at(0)->dtype};
}

size_t product_scratch(const MatmulShape& shape, const DeviceInfo& device, MatmulDesign design,
                       const MatmulTypes& types) {
  return device.backend == "cpu" ? CpuMatmul(shape, types).scratch_bytes()
                                 : product_dispatches_scratch(shape, device, types, design);
}

}  // namespace tandem
