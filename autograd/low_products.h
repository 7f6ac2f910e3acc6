// Products of 16 bits on GPUs: after lower_precision() gave products rounded values as floats, on
// devices that have kernels for it they take the 16 bits themselves.
#pragma once

#include "autograd/plan.h"

namespace tandem {

// Whether the device's products take bf16 and f16: GPUs' do. Drivers that run on the CPU gain
// nothing by it, since memory is not what they wait for.
bool has_low_products(const DeviceInfo& device);

// Products read what a cast from 16 bits to f32 was made of, and casts that nothing reads any more
// go. The same numbers with half of the memory traffic. To be called before place_values().
void use_low_products(Plan& plan);

}  // namespace tandem
