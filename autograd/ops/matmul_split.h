// Products whose tensors are larger than one binding of the device may be, in pieces.
#pragma once

#include "autograd/ops/matmul_vulkan.h"

namespace tandem {

// Bytes of scratch that product_dispatches() wants.
size_t product_dispatches_scratch(const MatmulShape& shape, const DeviceInfo& device,
                                  const MatmulTypes& types, MatmulDesign design);

// The dispatches of y = op(a) op(b) with its epilogue: one VulkanMatmul where the device can bind
// all, else several over the batch, the rows of y, or (a transposed) k, whose products are then
// added in order. Throws DeviceError if not even one matrix of a batch can be bound.
std::vector<Dispatch> product_dispatches(const MatmulShape& shape, const DeviceInfo& device,
                                         const MatmulTypes& types, MatmulDesign design,
                                         const MatmulRanges& ranges, const BufferRange& scratch);

}  // namespace tandem
