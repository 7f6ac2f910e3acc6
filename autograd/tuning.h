// Kernels that a device has several variants of, and which one it is given: what `tandem tune`
// found fastest (KernelTraits::tuned), or else the op's own rule.
#pragma once

#include "autograd/plan.h"

namespace tandem {

// One choice.
struct Tunable {
  std::string what;                   // what the kernel does; alike ones share it
  std::vector<std::string> variants;  // that the device can run
};

// An op's choice for a node, registered beside the op:
//   const RegisteredTuning linear_tuning("linear", rule);
using TuningRule = Tunable (*)(const OpContext&, const DeviceInfo&);
struct RegisteredTuning {
  RegisteredTuning(std::string_view op, TuningRule rule);
};

// The choice for a node of a plan; without variants if its op has none.
Tunable tunable_of(const Plan& plan, const Node& node, const DeviceInfo& device);

// The tuned variant for `what`; empty if there is none.
std::string tuned_variant(const DeviceInfo& device, const std::string& what);

}  // namespace tandem
