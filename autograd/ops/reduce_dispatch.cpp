#include "autograd/ops/reduce_dispatch.h"

#include "autograd/ops/dispatch.h"

#include <bit>

namespace tandem {

namespace {

// Whether a workgroup shares a row. Software drivers are faster without barriers.
bool by_rows(const DeviceInfo& device, const ReduceSize& size) {
  return size.inner == 1 && size.length >= 64 && !device.software();
}

// Steps that one element of the next level combines.
int64_t part_of(const DeviceInfo& device, const ReduceSize& size) {
  if (by_rows(device, size)) return 4096;
  return size.length <= 256 ? size.length : 64;
}

int64_t parts_of(const DeviceInfo& device, const ReduceSize& size) {
  const int64_t part = part_of(device, size);
  return (size.length + part - 1) / part;
}

// Scratch of one level, aligned for bindings.
size_t level_bytes(const ReduceSize& size, int64_t parts) {
  const auto bytes = static_cast<size_t>(size.outer * parts * size.inner) * sizeof(float);
  return (bytes + 255) / 256 * 256;
}

uint32_t word(int64_t value) { return static_cast<uint32_t>(value); }

Dispatch level_dispatch(const DeviceInfo& device, const std::string& operation,
                        const ReduceSize& size, float factor) {
  const int64_t parts = parts_of(device, size);
  const auto part = word(part_of(device, size));
  Dispatch dispatch;
  if (by_rows(device, size)) {
    dispatch.shader = operation + "_rows";
    dispatch.push = {word(size.length), part, word(parts), std::bit_cast<uint32_t>(factor)};
    return strided_dispatch(device, std::move(dispatch), size.outer * parts, 1);
  }
  dispatch.shader = operation + "_columns";
  dispatch.push = {word(size.length), word(size.inner), part, word(parts),
                   std::bit_cast<uint32_t>(factor)};
  return strided_dispatch(device, std::move(dispatch), size.outer * parts * size.inner, 64);
}

}  // namespace

size_t reduction_scratch(const DeviceInfo& device, const ReduceSize& size) {
  size_t bytes = 0;
  ReduceSize level = size;
  for (int64_t parts = 0; (parts = parts_of(device, level)) > 1; level.length = parts) {
    bytes += level_bytes(level, parts);
  }
  return bytes;
}

std::vector<Dispatch> reduction_dispatches(const DeviceInfo& device, const std::string& operation,
                                           const ReduceSize& size, const BufferRange& x,
                                           const BufferRange& y, float factor,
                                           const BufferRange& scratch) {
  std::vector<Dispatch> all;
  ReduceSize level = size;
  BufferRange from = x;
  size_t used = 0;
  while (true) {
    const int64_t parts = parts_of(device, level);
    const bool last = parts == 1;
    BufferRange to = y;
    if (!last) to = {scratch.memory, scratch.offset + used, level_bytes(level, parts)};
    Dispatch dispatch = level_dispatch(device, operation, level, last ? factor : 1.0f);
    dispatch.buffers = {from, to};
    dispatch.writes = 0b10;
    all.push_back(std::move(dispatch));
    if (last) return all;
    used += to.bytes;
    from = to;
    level.length = parts;
  }
}

}  // namespace tandem
