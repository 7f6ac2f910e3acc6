// What `tandem tune` measured, on disk: a small text file for each device.
//   tandem-tuning 1
//   driver <name and version>
//   shaders <SHA-256 of this program's kernels>
//   <what a kernel does><tab><variant>          any number of lines, sorted
//   sha256 <of all that comes before>
#pragma once

#include "core/kernel_traits.h"

#include <filesystem>
#include <string_view>

namespace tandem {

// The choices that count, or why there are none: the file is damaged, or of another driver or other
// kernels. Neither without a file.
struct Tuning {
  TunedKernels kernels;
  std::string ignored;  // a sentence
};

// Empty if the environment names no place for it.
std::filesystem::path tuning_path(const DeviceInfo& device);

Tuning load_tuning(const DeviceInfo& device);

// Replaces the device's file. Throws DeviceError if it can't be written.
void save_tuning(const DeviceInfo& device, const TunedKernels& kernels);

// Lines of "what<tab>variant", as the file and checkpoints have them, and back. Lines of another
// form are left out.
std::string tuned_lines(const TunedKernels& kernels);
TunedKernels parse_tuned(std::string_view lines);

}  // namespace tandem
