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

// Adds the same to `all`, in runs of blocks that a binding may span. Throws DeviceError named `op`
// where one block is too long.
void add_copies(std::string_view op, const DeviceInfo& device, const BufferRange& from,
                BlockPlaces from_places, const BufferRange& to, BlockPlaces to_places,
                int64_t length, int64_t blocks, std::vector<Dispatch>& all);

// Adds copies of `blocks` dense runs of `length` words, with zeros around them: all that lies
// between `to_places`. Cut as above.
void add_padded(std::string_view op, const DeviceInfo& device, const BufferRange& from,
                int64_t length, const BufferRange& to, BlockPlaces to_places, int64_t blocks,
                std::vector<Dispatch>& all);

}  // namespace tandem
