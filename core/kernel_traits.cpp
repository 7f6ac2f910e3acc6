#include "core/kernel_traits.h"

#include <map>
#include <mutex>
#include <utility>

namespace tandem {

namespace {

struct Known {
  std::mutex mutex;
  std::map<std::pair<std::string, int>, KernelTraits> traits;
};

Known& known() {
  static Known all;
  return all;
}

}  // namespace

KernelTraits kernel_traits(const DeviceInfo& device) {
  const std::lock_guard lock(known().mutex);
  const auto found = known().traits.find({device.uuid, device.index});
  return found == known().traits.end() ? KernelTraits{} : found->second;
}

void set_kernel_traits(const DeviceInfo& device, KernelTraits traits) {
  const std::lock_guard lock(known().mutex);
  known().traits[{device.uuid, device.index}] = std::move(traits);
}

}  // namespace tandem
