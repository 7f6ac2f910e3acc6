#include "autograd/ops/dispatch.h"

#include <algorithm>

namespace tandem {

std::vector<Dispatch> elementwise_dispatches(const DeviceInfo& device, const Dispatch& dispatch,
                                             int64_t count, int64_t per_workgroup) {
  constexpr int64_t word = 4;
  // Offsets of 4096 bytes suit every device's alignment.
  const auto most = static_cast<int64_t>(std::min<uint64_t>(device.max_storage_range, 1u << 31));
  const int64_t slice = most / 4096 * 4096 / word;
  std::vector<Dispatch> all;
  for (int64_t begin = 0; begin < count; begin += slice) {
    const int64_t length = std::min(slice, count - begin);
    Dispatch part = dispatch;
    for (BufferRange& range : part.buffers) {
      range.offset += static_cast<size_t>(begin * word);
      range.bytes = static_cast<size_t>(length * word);
    }
    all.push_back(strided_dispatch(device, std::move(part), length, per_workgroup));
  }
  return all;
}

Dispatch strided_dispatch(const DeviceInfo& device, Dispatch dispatch, int64_t count,
                          int64_t per_workgroup) {
  const int64_t groups = (count + per_workgroup - 1) / per_workgroup;
  dispatch.push.push_back(static_cast<uint32_t>(count));
  dispatch.workgroups = {static_cast<uint32_t>(std::min<int64_t>(groups, device.max_workgroups[0])),
                         1, 1};
  return dispatch;
}

}  // namespace tandem
