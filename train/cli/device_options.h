// How commands let the user choose and open a device.
#pragma once

#include "core/device.h"
#include "train/cli/checks.h"

#include <CLI/CLI.hpp>

#include <string>

namespace tandem {

struct DeviceChoice {
  std::string name;  // empty: what the config says, or "auto"
  DeviceOptions options;
};

// Adds --device, --threads, --shader-dir and --validation. `choice` must outlive the parsing.
inline void add_device_options(CLI::App& command, DeviceChoice& choice) {
  command.add_option("--device", choice.name,
                     "auto, cpu, vulkan, vulkan:<index | part of the name | uuid>");
  command.add_option("--threads", choice.options.threads, "CPU threads; 0: one a core")
      ->check(whole_number(0));
  command.add_option("--shader-dir", choice.options.shader_dir,
                     "compile the shaders of this folder instead of the built-in ones");
  command.add_flag("--validation", choice.options.validation,
                   "run under Vulkan's validation layers; a message is an error");
}

// Opens what was chosen, or "auto".
inline std::unique_ptr<Device> open_device(const DeviceChoice& choice) {
  return open_device(choice.name.empty() ? "auto" : choice.name, choice.options);
}

}  // namespace tandem
