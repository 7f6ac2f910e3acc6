// One matrix product on a device, ready to be timed.
#pragma once

#include "autograd/ops/matmul_design.h"
#include "core/device.h"

#include <memory>
#include <vector>

namespace tandem {

class ProductRun {
 public:
  // Factors are random; on Vulkan by `design`, `repeats` times a run. Throws DeviceError.
  ProductRun(Device& device, const MatmulShape& shape, const MatmulTypes& types,
             MatmulDesign design = MatmulDesign::automatic, int repeats = 1);

  // Runs it and waits.
  void run();

 private:
  BufferRange block(size_t bytes);
  void fill(const BufferRange& range, uint32_t which);
  Kernel kernel(const MatmulShape& shape, MatmulDesign design) const;

  Device& device_;
  MatmulTypes types_;
  std::vector<std::unique_ptr<Memory>> memories_;
  BufferRange a_, b_, y_, scratch_;
  std::unique_ptr<Recording> recording_;
};

}  // namespace tandem
