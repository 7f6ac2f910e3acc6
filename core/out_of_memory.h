// The error for memory that is not there, apart from others so that what would fit can be told.
#pragma once

#include "core/error.h"

namespace tandem {

// A device, or the host, has too little memory for what is wanted or was asked for.
struct OutOfMemoryError : DeviceError {
  using DeviceError::DeviceError;
};

}  // namespace tandem
