// One node of a plan on a Vulkan device, by itself, ready to be timed.
#pragma once

#include "autograd/plan.h"
#include "core/device.h"

#include <memory>
#include <vector>

namespace tandem {

class NodeRun {
 public:
  // With memory of its own: floats are random, whole numbers zero. Throws DeviceError.
  NodeRun(Device& device, const Plan& plan, const Node& node);

  // Runs it `repeats` times, waits, and gives the seconds of one.
  double run();

  // Its first output, as it is after a run: the same for each way of computing the node, but for
  // rounding.
  std::vector<float> result();

 private:
  BufferRange block(size_t bytes);
  BufferRange filled(const TensorType& type);
  VulkanBinding binding(const Plan& plan, const Node& node);

  Device& device_;
  int repeats_;
  std::vector<std::unique_ptr<Memory>> memories_;
  std::unique_ptr<Recording> recording_;
  BufferRange result_;
  TensorType result_type_;
};

}  // namespace tandem
