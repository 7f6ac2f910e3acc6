// Tuned kernels in a run: the same until its end, however often it is resumed.
#include "autograd/tuning.h"
#include "core/kernel_traits.h"
#include "tests/devices.h"
#include "tests/train/small_run.h"
#include "train/checkpoint/checkpoint.h"
#include "train/cli/node_run.h"
#include "train/step_plan.h"
#include "train/trainer.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

void tune(const DeviceInfo& device, const TunedKernels& kernels) {
  KernelTraits traits = kernel_traits(device);
  traits.tuned = kernels;
  set_kernel_traits(device, traits);
}

}  // namespace

TEST_CASE("a_checkpoint_keeps_the_tuned_kernels_and_a_resumed_run_goes_on_with_them") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  for (const NamedDevice& named : vulkan_devices()) {
    const DeviceInfo info = named.device->info();
    const KernelTraits before = kernel_traits(info);
    RunConfig config = test::small_config(folder);
    config.device = named.name;
    config.evaluate.clear();
    config.train.epochs = 1;
    const std::filesystem::path run = folder / fmt::format("run{}", info.index);
    TrainOptions options{.run = run.string()};
    {
      Trainer trainer(config, options);
      tune(info, {{"a kernel", "a variant"}});
      trainer.run();
    }
    const Checkpoint made = read_checkpoint((run / "checkpoints/step_00000003.h5").string());
    CHECK(made.attributes.at("kernels") == "a kernel\ta variant\n");
    tune(info, {});
    options.resume = true;
    const Trainer again(config, options);
    CHECK(kernel_traits(info).tuned == TunedKernels{{"a kernel", "a variant"}});
    const std::string log = test::content_of(run / "log.txt");
    CHECK(log.find("tuning: kernels are those that the run began with") != std::string::npos);
    set_kernel_traits(info, before);
  }
}

TEST_CASE("each_kernel_of_a_step_that_has_variants_can_be_timed_alone") {
  const test::TemporaryFolder folder;
  RunConfig config = test::small_config(folder);
  config.evaluate.clear();
  for_each_vulkan_device([&](Device& device) {
    const StepPlan step = plan_step(config, device.info());
    int timed = 0;
    for (const Node& node : step.plan.nodes) {
      if (tunable_of(step.plan, node, device.info()).variants.empty()) continue;
      CHECK(NodeRun(device, step.plan, node).run() > 0);
      ++timed;
    }
    CHECK(timed > 10);
  });
}
