// Lower precision as a transform of a plan (Micikevicius et al. 2018, "Mixed precision training"):
// matrix products take bf16 or f16 and add up in f32. Parameters, optimizer state, sums over
// rows, norms, losses, and what several branches add to stay f32.
#pragma once

#include "core/dtype.h"

namespace tandem {

struct Plan;

struct Precision {
  DType dtype = DType::f32;  // f32 (nothing is lowered), bf16 or f16
  bool kernels = true;       // the device has kernels that take and give `dtype`
};

// Every product's low_inputs are cast to the precision, each value once (a parameter once a run),
// and only the rounded value is kept for the backward pass. Where kernels allow it and every reader
// takes it, a value is made in 16 bits at once. Without such kernels values are cast back just
// before a product takes them: the same numbers, not faster.
void lower_precision(Plan& plan, const Precision& precision);

}  // namespace tandem
