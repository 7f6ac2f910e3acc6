// What a Vulkan device has beyond the baseline that only the choice of kernels asks for, apart from
// DeviceInfo, which everything includes.
#pragma once

#include "core/device.h"
#include "core/dtype.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tandem {

// A size of the matrices that a subgroup can multiply together: [m, k] by [k, n], both of `type`,
// added up in f32.
struct CooperativeShape {
  DType type = DType::f16;
  uint32_t m = 0;
  uint32_t n = 0;
  uint32_t k = 0;

  bool operator==(const CooperativeShape&) const = default;
};

// What the sides of matrices that a workgroup of `invocations` multiplies together must be multiples
// of, both of `type`, added up in f32 (VK_NV_cooperative_matrix2).
struct WorkgroupMatrices {
  DType type = DType::f16;
  uint32_t m = 0;
  uint32_t n = 0;
  uint32_t k = 0;
  uint32_t invocations = 0;
};

// By what a kernel does (autograd/tuning.h): the variant that `tandem tune` found fastest.
using TunedKernels = std::map<std::string, std::string>;

struct KernelTraits {
  uint32_t vendor = 0;                        // the PCI number of who made it
  bool subgroup_shuffles = false;             // lanes of full subgroups can exchange values
  std::vector<CooperativeShape> cooperative;  // those that this program has kernels for
  std::vector<WorkgroupMatrices> workgroup;   // and these
  TunedKernels tuned;                         // of this device, driver and set of shaders
  std::string tuning_ignored;                 // why a tuning file was, in a sentence

  bool amd() const { return vendor == 0x1002; }
  bool intel() const { return vendor == 0x8086; }
  bool apple() const { return vendor == 0x106b; }
};

// Of the device with that uuid and index, as its driver gave them or a test set them; none of all
// that for one that was not described. Thread-safe.
KernelTraits kernel_traits(const DeviceInfo& device);
void set_kernel_traits(const DeviceInfo& device, KernelTraits traits);

}  // namespace tandem
