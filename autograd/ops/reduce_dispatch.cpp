#include "autograd/ops/reduce_dispatch.h"

#include "autograd/ops/dispatch.h"
#include "autograd/ops/row_runs.h"

#include <algorithm>
#include <bit>

namespace tandem {

namespace {

// Whether a workgroup shares a row. Software drivers are faster without barriers.
bool by_rows(const DeviceInfo& device, const ReduceSize& size) {
  return size.inner == 1 && size.length >= 64 && !device.software();
}

// Steps that one element of the next level combines. Where x must be cut: no more than a binding
// spans, with so many parts that those of y end aligned; but two, so that levels get shorter.
int64_t part_of(const DeviceInfo& device, const ReduceSize& size) {
  if (by_rows(device, size)) return 4096;
  const int64_t part = size.length <= 256 ? size.length : 64;
  const size_t row = static_cast<size_t>(size.inner) * sizeof(float);
  const auto bindable = static_cast<int64_t>(device.max_storage_range / row);
  if (size.outer > 1 || size.length <= bindable) return part;
  const size_t parts = device.storage_alignment / std::gcd(device.storage_alignment, row);
  return std::max<int64_t>(2, std::min(part, bindable / static_cast<int64_t>(parts)));
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

// A level over `parts` parts of `part` steps, by rows or by columns; but for its buffers.
Dispatch level_dispatch(const DeviceInfo& device, const std::string& operation,
                        const ReduceSize& size, int64_t part, int64_t parts, bool rows,
                        float factor) {
  Dispatch dispatch;
  if (rows) {
    dispatch.shader = operation + "_rows";
    dispatch.push = {word(size.length), word(part), word(parts), std::bit_cast<uint32_t>(factor)};
    return strided_dispatch(device, std::move(dispatch), size.outer * parts, 1);
  }
  dispatch.shader = operation + "_columns";
  dispatch.push = {word(size.length), word(size.inner), word(part), word(parts),
                   std::bit_cast<uint32_t>(factor)};
  return strided_dispatch(device, std::move(dispatch), size.outer * parts * size.inner, 64);
}

// One level, cut along the outer axis or, where that is one, along the parts.
void add_level(const DeviceInfo& device, const std::string& operation, const ReduceSize& size,
               const BufferRange& x, const BufferRange& y, float factor,
               std::vector<Dispatch>& all) {
  const int64_t part = part_of(device, size), parts = parts_of(device, size);
  const bool rows = by_rows(device, size), whole = size.outer > 1;
  const auto bytes = [](int64_t floats) { return static_cast<size_t>(floats) * sizeof(float); };
  const size_t from = bytes((whole ? size.length : part) * size.inner);
  const size_t to = bytes((whole ? parts : 1) * size.inner);
  for (const RowRun& run : row_runs(operation, device, whole ? size.outer : parts, {from, to})) {
    ReduceSize some = size;
    if (whole) some.outer = run.count;
    if (!whole) some.length = std::min(run.count * part, size.length - run.begin * part);
    Dispatch dispatch =
        level_dispatch(device, operation, some, part, whole ? parts : run.count, rows, factor);
    dispatch.buffers = {run.of(x, from), run.of(y, to)};
    dispatch.buffers[0].bytes = bytes(some.outer * some.length * size.inner);
    dispatch.writes = 0b10;
    all.push_back(std::move(dispatch));
  }
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
    add_level(device, operation, level, from, to, last ? factor : 1.0f, all);
    if (last) return all;
    used += to.bytes;
    from = to;
    level.length = parts;
  }
}

}  // namespace tandem
