// Cutting the rows of a Vulkan kernel into dispatches that a device's limits allow.
#pragma once

#include "autograd/op.h"

#include <algorithm>
#include <initializer_list>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace tandem {

struct RowRun {
  int64_t begin;
  int64_t count;

  // The part of a buffer that holds `row_bytes` bytes for each row.
  BufferRange of(const BufferRange& whole, size_t row_bytes) const {
    return {whole.memory, whole.offset + static_cast<size_t>(begin) * row_bytes,
            static_cast<size_t>(count) * row_bytes};
  }
};

// Runs of rows that start at multiples of `step` rows, at most `most` rows each, for buffers with
// so many bytes a row: no range is too long for a binding or starts off the device's alignment.
// Throws DeviceError named `op` if even the shortest run is too long.
inline std::vector<RowRun> row_runs(std::string_view op, const DeviceInfo& device, int64_t rows,
                                    std::initializer_list<size_t> row_bytes, int64_t step = 1,
                                    int64_t most = int64_t{1} << 30) {
  size_t largest = 1;
  for (const size_t bytes : row_bytes) {
    const size_t unit = device.storage_alignment;
    const auto aligned = static_cast<int64_t>(unit / std::gcd(unit, bytes));
    step = std::lcm(step, aligned);
    largest = std::max(largest, bytes);
  }
  const auto fitting = static_cast<int64_t>(device.max_storage_range / largest);
  const int64_t count =
      rows <= std::min(fitting, most) ? rows : std::min(fitting, most) / step * step;
  if (count < 1) {
    fail<DeviceError>(
        "{}: {} rows of {} bytes don't fit in a binding of {} bytes; use a smaller "
        "batch or another device.",
        op, std::min(step, rows), largest, device.max_storage_range);
  }
  std::vector<RowRun> runs;
  for (int64_t begin = 0; begin < rows; begin += count) {
    runs.push_back({begin, std::min(count, rows - begin)});
  }
  return runs;
}

// So many workgroups, folded into two dimensions; a shader counts them as
// gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x and ignores those beyond.
inline std::array<uint32_t, 3> folded(int64_t groups) {
  const int64_t across = std::min<int64_t>(groups, 65535);
  return {static_cast<uint32_t>(across), static_cast<uint32_t>((groups + across - 1) / across), 1};
}

// A dispatch over `rows` rows of a shader that includes common/row.glsl, but for its buffers. Its
// push constants are the rows, the columns, and `more`.
inline Dispatch row_dispatch(const DeviceInfo& device, std::string shader, int64_t rows,
                             int64_t columns, const std::vector<uint32_t>& more = {}) {
  // On the CPU a row each, without barriers; elsewhere a subgroup or more for a row.
  const uint32_t invocations = device.software() ? 16 : 128;
  const uint32_t row_invocations = device.software() ? 1 : columns <= 1024 ? 32 : 128;
  const int64_t group_rows = invocations / row_invocations;
  Dispatch dispatch{.shader = std::move(shader),
                    .specialization = {invocations, row_invocations},
                    .push = {static_cast<uint32_t>(rows), static_cast<uint32_t>(columns)},
                    .workgroups = folded((rows + group_rows - 1) / group_rows)};
  dispatch.push.insert(dispatch.push.end(), more.begin(), more.end());
  return dispatch;
}

}  // namespace tandem
