// The devices that tests run on.
#pragma once

#include "core/device.h"

#include <functional>

namespace tandem {

inline void for_each_test_device(const std::function<void(Device&)>& body) {
  body(*open_device("cpu"));
}

}  // namespace tandem
