// The error for a device that is gone, apart from others so that a run can open it again.
#pragma once

#include "core/error.h"

namespace tandem {

// The driver reset or lost the device: nothing that was on it can be used any more.
struct DeviceLostError : DeviceError {
  using DeviceError::DeviceError;
};

}  // namespace tandem
