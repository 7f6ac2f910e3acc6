// Sums that grow from run to run: of the gradients of a batch's parts.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// Adds an update of `sum` (f32 [total], a state variable) to the graph:
//   sum[offset + i] = part[i]                      where more is 0, whatever was there
//                     sum[offset + i] + part[i]    elsewhere
// `more` f32 [1]; offset is a multiple of Variable::alignment. Throws ShapeError.
void accumulate(Tensor sum, Tensor part, int64_t offset, Tensor more);

}  // namespace tandem
