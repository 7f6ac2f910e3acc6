#include "autograd/ops/dispatch.h"

#include <algorithm>
#include <bit>

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

// Division by multiplication (Granlund & Montgomery 1994, section 4): for n < 2^31 and
// 2^(l-1) < d <= 2^l, floor(n / d) = n m >> (31 + l) with m = floor(2^(31 + l) / d) + 1, which has
// 32 bits. m = 0 stands for the division by one, where it would have more.
std::array<uint32_t, 2> divisor_words(int64_t divisor) {
  if (divisor == 1) return {0, 0};
  const auto wide = static_cast<uint64_t>(divisor);
  const auto bits = static_cast<uint32_t>(std::bit_width(wide - 1));
  return {static_cast<uint32_t>((uint64_t{1} << (31 + bits)) / wide + 1), bits - 1};
}

}  // namespace tandem
