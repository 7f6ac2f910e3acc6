// When the kernels of a profiled run began.
#pragma once

#include <vector>

namespace tandem {

// While one of these lives, every Recording::profile of the same thread tells it when its kernels
// began. They nest: the innermost is told.
class KernelStarts {
 public:
  KernelStarts();
  ~KernelStarts();
  KernelStarts(const KernelStarts&) = delete;
  KernelStarts& operator=(const KernelStarts&) = delete;

  // Of the last profile, in the order of its times: seconds of std::chrono::steady_clock. Empty
  // where the device has no timestamps.
  const std::vector<double>& seconds() const { return seconds_; }

  // For recordings: hands over what they measured, if anyone wants it.
  static void tell(std::vector<double> seconds);

 private:
  std::vector<double> seconds_;
  KernelStarts* outer_;
};

}  // namespace tandem
