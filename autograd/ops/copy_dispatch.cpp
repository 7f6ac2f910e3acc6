#include "autograd/ops/copy_dispatch.h"

#include "autograd/ops/dispatch.h"

namespace tandem {

Dispatch copy_dispatch(const DeviceInfo& device, const BufferRange& from, BlockPlaces from_places,
                       const BufferRange& to, BlockPlaces to_places, int64_t length,
                       int64_t blocks) {
  Dispatch dispatch;
  dispatch.shader = "copy_blocks";
  dispatch.buffers = {from, to};
  dispatch.writes = 0b10;
  const auto [multiplier, shift] = divisor_words(length);
  dispatch.push = {static_cast<uint32_t>(length),
                   multiplier,
                   shift,
                   static_cast<uint32_t>(from_places.first),
                   static_cast<uint32_t>(from_places.stride),
                   static_cast<uint32_t>(to_places.first),
                   static_cast<uint32_t>(to_places.stride)};
  return strided_dispatch(device, std::move(dispatch), length * blocks, 512);
}

}  // namespace tandem
