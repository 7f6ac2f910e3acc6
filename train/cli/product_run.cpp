#include "train/cli/product_run.h"

#include "autograd/ops/matmul_split.h"
#include "core/cpu/cpu_device.h"
#include "core/philox.h"

#include <algorithm>

namespace tandem {

ProductRun::ProductRun(Device& device, const MatmulShape& shape, const MatmulTypes& types,
                       MatmulDesign design, int repeats)
    : device_(device), types_(types) {
  const size_t scratch =
      device.info().backend == "cpu"
          ? CpuMatmul(shape, types_).scratch_bytes()
          : product_dispatches_scratch(shape, device.info(), types_, design);
  const size_t size = size_of(types.in);
  a_ = block(static_cast<size_t>(shape.batch * shape.m * shape.k) * size);
  b_ = block(static_cast<size_t>(shape.batch * shape.k * shape.n) * size);
  y_ = block(static_cast<size_t>(shape.batch * shape.m * shape.n) * size_of(types.y));
  scratch_ = block(std::max<size_t>(scratch, 4));
  fill(a_, 1);
  fill(b_, 2);
  std::vector<Kernel> kernels;
  for (int i = 0; i < repeats; ++i) kernels.push_back(kernel(shape, design));
  // The first word of the result is fetched, to know when it is there.
  recording_ = device.record(std::move(kernels), {}, {{y_.memory, 0, 4}});
}

void ProductRun::run() { recording_->output(recording_->submit({}), 0); }

BufferRange ProductRun::block(size_t bytes) {
  bytes = (bytes + 3) / 4 * 4;
  memories_.push_back(device_.allocate(bytes, "a product to be timed"));
  return {memories_.back().get(), 0, bytes};
}

void ProductRun::fill(const BufferRange& range, uint32_t which) {
  Random random(1, which, 0, RandomUse::test);
  std::vector<float> values(range.bytes / size_of(types_.in));
  for (float& value : values) value = 2 * random.uniform() - 1;
  std::vector<std::byte> bytes(range.bytes);
  Stored{bytes.data(), types_.in}.store(values.data(), 0, static_cast<int64_t>(values.size()));
  device_.write(range, bytes.data());
}

Kernel ProductRun::kernel(const MatmulShape& shape, MatmulDesign design) const {
  Kernel kernel{.label = "a product", .host = nullptr, .dispatches = {}};
  if (device_.info().backend != "cpu") {
    kernel.dispatches = product_dispatches(shape, device_.info(), types_, design,
                                           {.a = a_, .b = b_, .y = y_}, scratch_);
    return kernel;
  }
  const auto address = [](const BufferRange& range) { return range.memory->host(); };
  kernel.host = [matmul = CpuMatmul(shape, types_), a = address(a_), b = address(b_),
                 y = address(y_), scratch = scratch_.memory->host(),
                 threads = &dynamic_cast<CpuDevice&>(device_).threads()] {
    matmul.run(*threads, a, b, y, {}, scratch);
  };
  return kernel;
}

}  // namespace tandem
