// Copies of blocks of 32-bit words on Vulkan.
#pragma once

#include "core/device.h"

namespace tandem {

// Where blocks lie in a buffer, in words: the first one, and from each to the next.
struct BlockPlaces {
  int64_t first = 0;
  int64_t stride = 0;
};

// Copies `blocks` runs of `length` words.
Dispatch copy_dispatch(const DeviceInfo& device, const BufferRange& from, BlockPlaces from_places,
                       const BufferRange& to, BlockPlaces to_places, int64_t length,
                       int64_t blocks);

}  // namespace tandem
