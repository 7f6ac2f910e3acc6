// Every kernel of a step within what Vulkan promises that a binding may span. Nothing is allocated.
#include "core/error.h"
#include "tests/folders.h"
#include "train/config/read.h"
#include "train/step_plan.h"
#include "train/tuning/adaptation.h"

#include <doctest/doctest.h>

#include <set>

using namespace tandem;

namespace {

// Of Vulkan's least limits: a GPU, or a software driver.
DeviceInfo least_device(const std::string& kind) {
  DeviceInfo device;
  device.backend = "vulkan";
  device.kind = kind;
  device.storage_alignment = 256;
  return device;
}

RunConfig config_of(const std::string& model) {
  RunConfig config;
  const std::string file = "configs/models/" + model + ".yaml";
  config.model = read_model_config((test::source_folder() / file).string());
  config.train.batch_size = 1024;
  config.evaluate.clear();
  if (config.model.init_logit_bias) config.train.loss = "siglip";
  return config;
}

VulkanBinding binding_of(const Plan& plan, const Node& node, const DeviceInfo& device,
                         Memory& memory) {
  VulkanBinding bound;
  bound.attributes = &node.attributes;
  bound.device = &device;
  const auto add = [&](int id, auto& types, std::vector<BufferRange>& ranges) {
    const TensorType* type = id < 0 ? nullptr : &plan.values[static_cast<size_t>(id)].type;
    types.push_back(type);
    ranges.push_back(type == nullptr ? BufferRange{} : BufferRange{&memory, 0, type->bytes()});
  };
  for (const int id : node.inputs) add(id, bound.inputs, bound.input_ranges);
  for (const int id : node.outputs) add(id, bound.outputs, bound.output_ranges);
  bound.scratch = {&memory, 0, node.op->scratch ? node.op->scratch(bound, device) : 0};
  return bound;
}

// What binds more than the device allows in a step of that config.
std::set<std::string> too_long(const RunConfig& config, const DeviceInfo& device) {
  const StepPlan step = plan_step(config, device);
  Memory memory(0);
  std::set<std::string> all;
  for (const Node& node : step.plan.nodes) {
    if (node.op->view) continue;
    const VulkanBinding bound = binding_of(step.plan, node, device, memory);
    try {
      for (const Dispatch& dispatch : node.op->vulkan(bound)) {
        for (const BufferRange& range : dispatch.buffers) {
          if (range.bytes <= device.max_storage_range) continue;
          all.insert(fmt::format("{}: {}", node.op->name, dispatch.shader));
        }
      }
    } catch (const DeviceError& error) {
      all.insert(error.what());
    }
  }
  return all;
}

void check_step(const RunConfig& config) {
  for (const char* kind : {"discrete", "software"}) {
    CAPTURE(kind);
    for (const std::string& line : too_long(config, least_device(kind))) FAIL_CHECK(line);
  }
}

}  // namespace

TEST_CASE("no_kernel_of_a_step_binds_more_than_the_least_device_may") {
  for (const char* model : {"ViT-B-32", "ViT-L-14", "ViT-B-16-SigLIP"}) {
    CAPTURE(model);
    check_step(config_of(model));
  }
}

TEST_CASE("no_kernel_of_a_step_that_leaves_out_patches_binds_more_either") {
  RunConfig config = config_of("ViT-B-16");
  config.model.vision_cfg.patch_dropout = 0.5;
  config.precision = "bf16";
  check_step(config);
}

TEST_CASE("no_kernel_of_an_adapters_step_binds_more_either") {
  RunConfig config = config_of("ViT-B-16");
  config.adapter.kind = "lora";
  config.adapter.lora.dropout = 0.1;
  config.model.adaptation = adaptation_of(config);
  check_step(config);
}
