// Devices by name, without opening them.
#pragma once

#include "core/device.h"

namespace tandem {

// What open_device would open by that name. Throws ConfigError as it does.
DeviceInfo find_device(std::string_view name);

}  // namespace tandem
