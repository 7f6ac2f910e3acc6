#include "train/cli/matmul_peak.h"

#include "train/cli/product_run.h"
#include "train/cli/spread.h"

#include <ctime>

namespace tandem {

MatmulPeak measure_matmul_peak(Device& device, DType factors) {
  constexpr double budget = 1;  // seconds
  const MatmulShape shape{.m = 1024, .n = 1024, .k = 1024, .transpose_b = true};
  ProductRun product(device, shape, {.in = factors});
  std::vector<double> processor;
  const Spread seconds = time_runs(budget, [&] {
    const std::clock_t busy = std::clock();
    product.run();
    processor.push_back(static_cast<double>(std::clock() - busy) / CLOCKS_PER_SEC);
  });
  return {.of_device = shape.flops() / seconds.median,
          .of_processor = shape.flops() / spread_of(processor).median};
}

}  // namespace tandem
