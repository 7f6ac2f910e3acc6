#include "autograd/ops/copy_dispatch.h"

#include "autograd/ops/dispatch.h"
#include "autograd/ops/row_runs.h"

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

void add_copies(std::string_view op, const DeviceInfo& device, const BufferRange& from,
                BlockPlaces from_places, const BufferRange& to, BlockPlaces to_places,
                int64_t length, int64_t blocks, std::vector<Dispatch>& all) {
  const size_t from_bytes = static_cast<size_t>(from_places.stride) * sizeof(uint32_t);
  const size_t to_bytes = static_cast<size_t>(to_places.stride) * sizeof(uint32_t);
  for (const RowRun& run : row_runs(op, device, blocks, {from_bytes, to_bytes})) {
    all.push_back(copy_dispatch(device, run.of(from, from_bytes), from_places, run.of(to, to_bytes),
                                to_places, length, run.count));
  }
}

void add_padded(std::string_view op, const DeviceInfo& device, const BufferRange& from,
                int64_t length, const BufferRange& to, BlockPlaces to_places, int64_t blocks,
                std::vector<Dispatch>& all) {
  const bool wide = (length | to_places.first | to_places.stride) % 4 == 0;
  const int64_t each = wide ? 4 : 1;
  const auto word = [each](int64_t words) { return static_cast<uint32_t>(words / each); };
  const auto [multiplier, shift] = divisor_words(to_places.stride / each);
  const size_t from_bytes = static_cast<size_t>(length) * sizeof(uint32_t);
  const size_t to_bytes = static_cast<size_t>(to_places.stride) * sizeof(uint32_t);
  for (const RowRun& run : row_runs(op, device, blocks, {from_bytes, to_bytes})) {
    Dispatch dispatch;
    dispatch.shader = "pad_blocks";
    dispatch.buffers = {run.of(from, from_bytes), run.of(to, to_bytes)};
    dispatch.writes = 0b10;
    dispatch.specialization = {wide ? 1u : 0u};
    dispatch.push = {word(length), word(to_places.first), word(to_places.stride), multiplier,
                     shift};
    all.push_back(
        strided_dispatch(device, std::move(dispatch), run.count * to_places.stride / each, 512));
  }
}

}  // namespace tandem
