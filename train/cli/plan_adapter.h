// What `tandem plan` says of an adapter on features.
#pragma once

#include "core/device.h"
#include "train/config/run_config.h"

namespace tandem {

// Lines for people, or with `json` one document.
void show_adapter_plan(const RunConfig& config, const DeviceInfo& device, bool json);

}  // namespace tandem
