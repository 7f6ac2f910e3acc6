// Where a sequence of dispatches needs barriers: a dispatch must wait if it reads what was written,
// or writes what was read or written, since the last barrier.
#pragma once

#include "core/device.h"

namespace tandem {

class HazardTracker {
 public:
  // Notes the accesses of the next dispatch; true if a barrier must go before it.
  bool needs_barrier(const Dispatch& dispatch);

 private:
  bool conflicts(const Dispatch& dispatch) const;

  std::vector<BufferRange> reads_;  // since the last barrier
  std::vector<BufferRange> writes_;
};

// Whether two ranges share a byte.
bool overlap(const BufferRange& a, const BufferRange& b);

}  // namespace tandem
