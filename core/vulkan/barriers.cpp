#include "core/vulkan/barriers.h"

#include <algorithm>

namespace tandem {

namespace {

bool writes(const Dispatch& dispatch, size_t buffer) {
  return (dispatch.writes >> buffer & 1) != 0;
}

bool overlaps_any(const BufferRange& range, const std::vector<BufferRange>& others) {
  return std::any_of(others.begin(), others.end(),
                     [&](const BufferRange& other) { return overlap(range, other); });
}

}  // namespace

bool overlap(const BufferRange& a, const BufferRange& b) {
  return a.memory == b.memory && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

bool HazardTracker::conflicts(const Dispatch& dispatch) const {
  for (size_t i = 0; i < dispatch.buffers.size(); ++i) {
    const BufferRange& range = dispatch.buffers[i];
    if (overlaps_any(range, writes_)) return true;
    if (writes(dispatch, i) && overlaps_any(range, reads_)) return true;
  }
  return false;
}

bool HazardTracker::needs_barrier(const Dispatch& dispatch) {
  const bool needed = conflicts(dispatch);
  if (needed) {
    reads_.clear();
    writes_.clear();
  }
  for (size_t i = 0; i < dispatch.buffers.size(); ++i) {
    (writes(dispatch, i) ? writes_ : reads_).push_back(dispatch.buffers[i]);
  }
  return needed;
}

}  // namespace tandem
