#include "core/device_lost.h"
#include "tests/devices.h"
#include "tests/train/small_run.h"
#include "train/checkpoint/checkpoint.h"
#include "train/report/metrics_log.h"
#include "train/trainer.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

// Counts calls that a lost device fails in, and says which of them fail. Shared by a device and
// the one that is opened after it.
struct Losses {
  std::vector<int> at;
  int calls = 0;

  void count() {
    ++calls;
    if (std::find(at.begin(), at.end(), calls) == at.end()) return;
    throw DeviceLostError("vulkan: it gave VK_ERROR_DEVICE_LOST while it ran kernel 'loss'.");
  }
};

class LosingRecording final : public Recording {
 public:
  LosingRecording(std::unique_ptr<Recording> inner, Losses& losses)
      : inner_(std::move(inner)), losses_(losses) {}
  uint64_t submit(std::span<const std::span<const std::byte>> inputs) override {
    losses_.count();
    return inner_->submit(inputs);
  }
  std::span<const std::byte> output(uint64_t ticket, size_t index) override {
    losses_.count();
    return inner_->output(ticket, index);
  }
  std::vector<KernelTime> profile(std::span<const std::span<const std::byte>> inputs) override {
    return inner_->profile(inputs);
  }

 private:
  std::unique_ptr<Recording> inner_;
  Losses& losses_;
};

class LosingDevice final : public Device {
 public:
  LosingDevice(const std::string& name, Losses& losses)
      : inner_(open_device(name)), losses_(losses) {}
  const DeviceInfo& info() const override { return inner_->info(); }
  std::unique_ptr<Memory> allocate(size_t bytes, std::string_view label) override {
    return inner_->allocate(bytes, label);
  }
  void write(const BufferRange& to, const void* from) override { inner_->write(to, from); }
  void read(const BufferRange& from, void* to) override { inner_->read(from, to); }
  std::unique_ptr<Recording> record(std::vector<Kernel> kernels, std::vector<BufferRange> inputs,
                                    std::vector<BufferRange> outputs) override {
    return std::make_unique<LosingRecording>(
        inner_->record(std::move(kernels), std::move(inputs), std::move(outputs)), losses_);
  }

 private:
  std::unique_ptr<Device> inner_;
  Losses& losses_;
};

// Six steps with a checkpoint at every second; a call to submit and three to output a step.
RunConfig short_config(const test::TemporaryFolder& folder, const std::string& device) {
  test::write_small_data(folder);
  RunConfig config = test::small_config(folder);
  config.device = device;
  config.train.epochs = 2;
  config.train.checkpoint_every = fmt::to_string(2);
  config.evaluate.clear();
  return config;
}

std::vector<double> losses_of(const std::string& run) {
  std::vector<double> losses;
  for (const MetricsRecord& record : read_metrics(run + "/metrics.jsonl")) {
    if (record.kind == "train") losses.push_back(*record.find("loss"));
  }
  return losses;
}

// The name of one Vulkan device: that runs survive is not a matter of the driver here.
std::string a_vulkan_device() {
  return vulkan_devices().empty() ? "" : vulkan_devices().front().name;
}

}  // namespace

TEST_CASE("a_lost_device_is_opened_again_and_the_run_ends_with_the_same_bits") {
  const std::string name = a_vulkan_device();
  if (name.empty()) return;
  const test::TemporaryFolder folder;
  const RunConfig config = short_config(folder, name);
  Trainer(config, {.run = folder / "unbroken"}).run();
  // Before the first checkpoint, when a step is started, and when its loss is asked for.
  for (const int call : {2, 13, 14}) {
    CAPTURE(call);
    Losses losses{.at = {call}};
    const std::string run = folder / fmt::format("lost_{}", call);
    Trainer(config, {.run = run, .open = [&] {
                       return std::make_unique<LosingDevice>(name, losses);
                     }}).run();
    CHECK(test::content_of(run + "/log.txt").find("the device was lost, and is opened again") !=
          std::string::npos);
    CHECK(losses_of(run) == losses_of(folder / "unbroken"));
    CHECK(read_checkpoint(run + "/checkpoints/step_00000006.h5") ==
          read_checkpoint(folder / "unbroken/checkpoints/step_00000006.h5"));
  }
}

TEST_CASE("a_device_that_is_lost_twice_stops_the_run_with_the_kernel_named") {
  const std::string name = a_vulkan_device();
  if (name.empty()) return;
  const test::TemporaryFolder folder;
  const RunConfig config = short_config(folder, name);
  Losses losses{.at = {13, 15}};
  Trainer trainer(config, {.run = folder / "run", .open = [&] {
                             return std::make_unique<LosingDevice>(name, losses);
                           }});
  CHECK_THROWS_WITH_AS(trainer.run(),
                       "the device was lost a second time, and the run stops: vulkan: it gave "
                       "VK_ERROR_DEVICE_LOST while it ran kernel 'loss'.",
                       DeviceError);
  CHECK_NOTHROW(read_checkpoint(folder / "run/checkpoints/step_00000002.h5"));
}
