// The yardstick of `tandem bench step`.
#pragma once

#include "core/device.h"
#include "core/dtype.h"

namespace tandem {

// Operations a second of a product of two square matrices of 1024 rows, whose factors have that
// type: a fast shape on every device.
struct MatmulPeak {
  double of_device = 0;     // by the clock
  double of_processor = 0;  // by processor seconds, all threads together
};
MatmulPeak measure_matmul_peak(Device& device, DType factors);

}  // namespace tandem
