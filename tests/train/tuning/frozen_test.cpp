// What is frozen costs no gradient, no optimizer memory, and no backward where nothing before it
// is trained.
#include "tests/models/tiny_model.h"
#include "tests/train/tuning/small_adapter.h"
#include "train/step_graph.h"
#include "train/step_plan.h"
#include "train/tuning/adaptation.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tandem;

namespace {

RunConfig tiny_run() {
  RunConfig config;
  config.model = test::tiny_model();
  config.train.batch_size = 4;
  return config;
}

// Backward nodes of a part of the model.
int64_t backward_nodes(RunConfig config, const std::string& scope) {
  config.model.adaptation = adaptation_of(config);
  const StepGraph step(config.model, config.train);
  return std::count_if(step.graph.nodes().begin(), step.graph.nodes().end(),
                       [&](const Node& node) {
                         return node.backward && node.scope.starts_with(scope);
                       });
}

StepPlan plan_of(RunConfig config) {
  config.model.adaptation = adaptation_of(config);
  DeviceInfo device;
  device.backend = "cpu";
  return plan_step(config, device);
}

// Optimizer state but for its flags, which are smaller than the arena's alignment.
size_t moments(const StepPlan& plan) { return plan.memory.state / 64 * 64; }

}  // namespace

TEST_CASE("a_locked_tower_has_no_backward_and_no_moments") {
  RunConfig config = tiny_run();
  const StepPlan all = plan_of(config);
  CHECK(backward_nodes(config, "visual") > 0);
  config.train.lock_image = true;
  const StepPlan locked = plan_of(config);
  CHECK(backward_nodes(config, "visual") == 0);
  CHECK(backward_nodes(config, "text") > 0);
  CHECK(moments(locked) == 2 * locked.memory.trainable);
  CHECK(locked.memory.frozen > 0);
  CHECK(locked.memory.trainable + locked.memory.frozen <= all.memory.trainable);
  CHECK(locked.memory.activations < all.memory.activations);
}

TEST_CASE("backward_ends_at_the_first_unlocked_block") {
  RunConfig config = tiny_run();
  config.train.lock_image = true;
  const auto unlocked = [&](int64_t groups, const char* scope) {
    config.train.lock_image_unlocked_groups = groups;
    return backward_nodes(config, std::string("visual") + scope) > 0;
  };
  CHECK(unlocked(1, ""));  // the projection
  CHECK_FALSE(unlocked(1, ".transformer"));
  CHECK(unlocked(2, ".transformer.resblocks.1"));
  CHECK_FALSE(unlocked(2, ".transformer.resblocks.0"));
  CHECK(unlocked(3, ".transformer.resblocks.0"));
}

TEST_CASE("locked_towers_unlock_their_groups_from_the_end_as_in_open_clip") {
  RunConfig config = tiny_run();
  config.train.lock_image = config.train.lock_text = true;
  const auto trained = [&](int64_t groups) {
    config.train.lock_image_unlocked_groups = config.train.lock_text_unlocked_layers = groups;
    config.model.adaptation = adaptation_of(config);
    return names_of(config.model).trained;
  };
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  CHECK(trained(0) == std::vector<std::string>{"logit_scale"});
  CHECK(trained(1) == std::vector<std::string>{"visual.proj", "text_projection", "logit_scale"});
  CHECK(has(trained(2), "visual.ln_post.weight"));
  CHECK(has(trained(2), "transformer.resblocks.1.attn.in_proj_weight"));
  CHECK_FALSE(has(trained(2), "transformer.resblocks.0.ln_1.bias"));
  CHECK(has(trained(3), "visual.transformer.resblocks.0.mlp.c_fc.weight"));
  CHECK_FALSE(has(trained(3), "visual.conv1.weight"));
  CHECK(trained(4).size() == names_of(test::tiny_model()).base.size());
}

TEST_CASE("tuning_of_biases_computes_no_gradient_of_weights") {
  RunConfig config = tiny_run();
  config.adapter.kind = "bias";
  config.model.adaptation = adaptation_of(config);
  const StepGraph step(config.model, config.train);
  for (const Node& node : step.graph.nodes()) CHECK(node.op->name != "linear_gradient");
  for (const std::string& name : step.parameters) CHECK(name.ends_with("bias"));
  config.adapter.kind = "layer_norm";
  config.model.adaptation = adaptation_of(config);
  for (const std::string& name : names_of(config.model).trained) {
    CHECK(name.find("ln_") != std::string::npos);
  }
}

TEST_CASE("optimizer_memory_of_an_adapter_is_that_of_its_own_parameters") {
  RunConfig config = tiny_run();
  config.adapter.kind = "lora";
  const StepPlan plan = plan_of(config);
  // Rank 2; A and B of q, k, v in two blocks of widths 16 and 12; each starts at a multiple of 64.
  CHECK(plan.parameters == 2 * 3 * 2 * (2 * 16 + 2 * 12));
  CHECK(plan.memory.trainable == 24 * 64 * sizeof(float));
  CHECK(moments(plan) == 2 * plan.memory.trainable);
}
