// What a step in the middle of a run asks of its device: inputs, one submission and outputs.
#include "tests/devices.h"
#include "tests/train/small_run.h"
#include "train/trainer.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

struct Calls {
  int allocations = 0, recordings = 0, copies = 0;

  bool operator==(const Calls&) const = default;
};

class CountingDevice final : public Device {
 public:
  CountingDevice(const std::string& name, Calls& calls)
      : inner_(open_device(name)), calls_(calls) {}
  const DeviceInfo& info() const override { return inner_->info(); }
  std::unique_ptr<Memory> allocate(size_t bytes, std::string_view label) override {
    ++calls_.allocations;
    return inner_->allocate(bytes, label);
  }
  void write(const BufferRange& to, const void* from) override {
    ++calls_.copies;
    inner_->write(to, from);
  }
  void read(const BufferRange& from, void* to) override {
    ++calls_.copies;
    inner_->read(from, to);
  }
  std::unique_ptr<Recording> record(std::vector<Kernel> kernels, std::vector<BufferRange> inputs,
                                    std::vector<BufferRange> outputs) override {
    ++calls_.recordings;
    return inner_->record(std::move(kernels), std::move(inputs), std::move(outputs));
  }

 private:
  std::unique_ptr<Device> inner_;
  Calls& calls_;
};

Calls calls_of(const std::string& device, int64_t epochs) {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  RunConfig config = test::small_config(folder);
  config.device = device;
  config.train.epochs = epochs;
  config.train.checkpoint_every = "1000";
  config.evaluate.clear();
  Calls calls;
  TrainOptions options{.run = folder / "run"};
  options.open = [&] { return std::make_unique<CountingDevice>(device, calls); };
  Trainer(config, options).run();
  return calls;
}

void check_steady(const std::string& device) {
  CAPTURE(device);
  const Calls few = calls_of(device, 2);
  const Calls many = calls_of(device, 5);
  CHECK(few.recordings > 0);
  CHECK(many.allocations == few.allocations);
  CHECK(many.recordings == few.recordings);
  CHECK(many.copies == few.copies);
}

}  // namespace

TEST_CASE("more_steps_on_vulkan_allocate_record_and_copy_nothing_more") {
  for (const NamedDevice& named : vulkan_devices()) check_steady(named.name);
}
