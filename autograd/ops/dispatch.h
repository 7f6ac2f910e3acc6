// Cutting work into dispatches that a Vulkan device's limits allow.
#pragma once

#include "core/device.h"

#include <array>
#include <vector>

namespace tandem {

// `dispatch` over `count` elements, for shaders whose invocations stride over all workgroups, whose
// buffers all have `count` elements of 4 bytes, and whose last push-constant word, which is added
// here, is the number of elements. Cut where a buffer is larger than one binding may be.
// `per_workgroup`: elements that one workgroup takes in one go.
std::vector<Dispatch> elementwise_dispatches(const DeviceInfo& device, const Dispatch& dispatch,
                                             int64_t count, int64_t per_workgroup);

// The same in one piece, with buffers of any size: `dispatch` with the number of elements as its
// last push-constant word, and as many workgroups as they take or the device allows.
Dispatch strided_dispatch(const DeviceInfo& device, Dispatch dispatch, int64_t count,
                          int64_t per_workgroup);

// Two push-constant words by which shaders/common/division.glsl divides by `divisor` without a
// division. REQUIRES: 1 <= divisor < 2^31.
std::array<uint32_t, 2> divisor_words(int64_t divisor);

}  // namespace tandem
