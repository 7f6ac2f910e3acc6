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
  const bool wide =
      (length | from_places.first | from_places.stride | to_places.first | to_places.stride) % 4 ==
      0;
  if (wide) {
    length /= 4;
    from_places = {from_places.first / 4, from_places.stride / 4};
    to_places = {to_places.first / 4, to_places.stride / 4};
  }
  dispatch.specialization = {wide ? 1u : 0u};
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
