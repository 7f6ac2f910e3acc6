// A thread's own memory for tiles that stay in its caches.
#pragma once

#include "hwy/aligned_allocator.h"

#include <cstddef>
#include <cstdint>

namespace tandem::cpu {

// Handed out piece by piece; kept from call to call, so that a run allocates nothing after the
// first.
class ThreadScratch {
 public:
  // Starts over with room for `floats` floats; their contents are undefined.
  void reserve(int64_t floats) {
    if (floats > size_) {
      memory_ = hwy::AllocateAligned<float>(static_cast<size_t>(floats));
      size_ = floats;
    }
    next_ = memory_.get();
  }

  // The next `floats` of what was reserved.
  float* take(int64_t floats) {
    float* result = next_;
    next_ += floats;
    return result;
  }

 private:
  hwy::AlignedFreeUniquePtr<float[]> memory_;
  int64_t size_ = 0;
  float* next_ = nullptr;
};

}  // namespace tandem::cpu
