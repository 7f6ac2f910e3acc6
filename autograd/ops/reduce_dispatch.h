// Reductions of [outer, length, inner] over the middle axis on Vulkan: levels of partial results,
// each combined in order by shaders/common/reduce_columns.glsl or reduce_rows.glsl.
#pragma once

#include "core/cpu/reduce.h"
#include "core/device.h"

#include <vector>

namespace tandem {

// Bytes of scratch that the levels want.
size_t reduction_scratch(const DeviceInfo& device, const ReduceSize& size);

// y = factor * the reduction of x; `operation` is "sum" or "max".
std::vector<Dispatch> reduction_dispatches(const DeviceInfo& device, const std::string& operation,
                                           const ReduceSize& size, const BufferRange& x,
                                           const BufferRange& y, float factor,
                                           const BufferRange& scratch);

}  // namespace tandem
