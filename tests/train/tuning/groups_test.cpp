#include "train/tuning/parameter_groups.h"

#include "tests/models/tiny_model.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

UpdateGroup group_of(const std::string& name, const Shape& shape, const TrainConfig& train) {
  const Variable variable{.name = name, .type = {DType::f32, shape}};
  return parameter_groups({variable}, test::tiny_model(), train).groups.at(0);
}

}  // namespace

TEST_CASE("parameters_are_decayed_if_they_have_two_axes_and_the_scale_is_bounded") {
  const TrainConfig train{.wd = 0.3};
  CHECK(group_of("visual.proj", {16, 8}, train).weight_decay == 0.3);
  CHECK(group_of("visual.ln_post.bias", {16}, train).weight_decay == 0);
  CHECK(group_of("logit_scale", {}, train).upper == std::log(100.0));
  CHECK(group_of("logit_scale", {}, train).lower == 0);
  CHECK(std::isinf(group_of("logit_bias", {}, train).upper));
}

TEST_CASE("the_first_group_that_matches_gives_learning_rate_and_weight_decay") {
  const TrainConfig train{.wd = 0.3,
                          .param_groups = {{.pattern = "visual.proj", .lr = 3, .wd = 0.1},
                                           {.pattern = "visual.*", .lr = 0.1}}};
  CHECK(group_of("visual.proj", {16, 8}, train).lr_factor == 3);
  CHECK(group_of("visual.proj", {16, 8}, train).weight_decay == 0.1);
  CHECK(group_of("visual.conv1.weight", {16, 3, 4, 4}, train).lr_factor == 0.1);
  CHECK(group_of("visual.conv1.weight", {16, 3, 4, 4}, train).weight_decay == 0.3);
  CHECK(group_of("text_projection", {12, 8}, train).lr_factor == 1);
}

TEST_CASE("layer_decay_falls_from_the_embedding_to_the_input_of_either_tower") {
  const TrainConfig train{.layer_decay = 0.5};
  const auto factor = [&](const std::string& name) {
    return group_of(name, {12, 12}, train).lr_factor;
  };
  CHECK(factor("visual.proj") == 1);
  CHECK(factor("visual.transformer.resblocks.1.mlp.c_fc.weight") == 0.5);
  CHECK(factor("visual.transformer.resblocks.0.attn.q.lora_A") == 0.25);
  CHECK(factor("visual.positional_embedding") == 0.125);
  CHECK(factor("ln_final.weight") == 1);
  CHECK(factor("transformer.resblocks.1.ln_1.weight") == 0.5);
  CHECK(factor("token_embedding.weight") == 0.125);
  CHECK(factor("logit_scale") == 1);
}

TEST_CASE("equal_parameters_share_a_group") {
  const std::vector<Variable> variables{{.name = "a", .type = {DType::f32, {4, 4}}},
                                        {.name = "b", .type = {DType::f32, {4}}},
                                        {.name = "c", .type = {DType::f32, {2, 2}}}};
  const ParameterGroups groups = parameter_groups(variables, test::tiny_model(), {});
  CHECK(groups.groups.size() == 2);
  CHECK(groups.group_of == std::vector<int>{0, 1, 0});
}
