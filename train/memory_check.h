// Whether what a run needs fits the memory of its device, and what would fit if it does not.
#pragma once

#include "core/out_of_memory.h"
#include "train/config/run_config.h"

#include <new>

namespace tandem {

struct DeviceInfo;

// Bytes that a device has free; all it has where its driver does not say. 0 if not known.
uint64_t free_memory(const DeviceInfo& device);

// That, or `most` bytes if they are fewer; `most` 0: no limit.
uint64_t memory_limit(const DeviceInfo& device, uint64_t most);

// Throws OutOfMemoryError if the planned peak is more than `free` bytes (0: not known, anything
// goes): a sentence, then the largest tensors and settings that fit, found by planning them.
void check_memory(const RunConfig& config, const DeviceInfo& device, uint64_t free);

// Throws OutOfMemoryError for memory that ran out although the plan fitted, told in the same way.
[[noreturn]] void tell_out_of_memory(const RunConfig& config, const DeviceInfo& device,
                                     const std::string& what);

// Calls body(); memory that runs out in there, the host's or the device's, is told by the above.
template <class Body>
void telling_out_of_memory(const RunConfig& config, const DeviceInfo& device, Body&& body) {
  std::string what;
  try {
    return body();
  } catch (const OutOfMemoryError& error) {
    what = error.what();
  } catch (const std::bad_alloc&) {
    what = "the host's memory ran out.";
  }
  // Here, so that what the failed part held is free again.
  tell_out_of_memory(config, device, what);
}

}  // namespace tandem
