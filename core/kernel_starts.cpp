#include "core/kernel_starts.h"

#include <utility>

namespace tandem {

namespace {

thread_local KernelStarts* innermost = nullptr;

}  // namespace

KernelStarts::KernelStarts() : outer_(std::exchange(innermost, this)) {}

KernelStarts::~KernelStarts() { innermost = outer_; }

void KernelStarts::tell(std::vector<double> seconds) {
  if (innermost != nullptr) innermost->seconds_ = std::move(seconds);
}

}  // namespace tandem
