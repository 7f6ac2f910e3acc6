#include "train/weights/layout.h"

#include "core/error.h"
#include "tests/train/weights/small_model.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tandem;
using namespace tandem::test;

namespace {

std::vector<NamedTensor> sorted(std::vector<NamedTensor> tensors) {
  std::ranges::sort(tensors, {}, &NamedTensor::name);
  return tensors;
}

std::vector<NamedTensor> huggingface() {
  return to_huggingface(parameters_with_values(small_model()));
}

}  // namespace

TEST_CASE("huggingface_and_back_gives_the_same_bits") {
  const auto tensors = parameters_with_values(small_model());
  const OpenClipWeights back = to_open_clip(to_huggingface(tensors), "x");
  CHECK(back.found == Layout::huggingface);
  CHECK(back.left_out.empty());
  CHECK(sorted(back.tensors) == sorted(tensors));
}

TEST_CASE("huggingface_tensors_have_the_names_and_shapes_of_clip_model") {
  auto ours = parameters_with_values(small_model());
  auto theirs = huggingface();
  const NamedTensor& joint = named(ours, "visual.transformer.resblocks.1.attn.in_proj_weight");
  const NamedTensor& key = named(theirs, "vision_model.encoder.layers.1.self_attn.k_proj.weight");
  CHECK(key.shape == Shape{64, 64});
  CHECK(std::equal(key.values.begin(), key.values.end(), joint.values.begin() + 64 * 64));
  const NamedTensor& projection = named(theirs, "text_projection.weight");
  CHECK(projection.shape == Shape{6, 64});
  CHECK(projection.values[1] == named(ours, "text_projection").values[6]);
  for (const char* name :
       {"logit_scale", "vision_model.pre_layrnorm.bias", "visual_projection.weight",
        "vision_model.embeddings.class_embedding", "text_model.final_layer_norm.weight",
        "vision_model.embeddings.patch_embedding.weight",
        "text_model.encoder.layers.0.mlp.fc2.bias",
        "text_model.embeddings.position_embedding.weight"}) {
    CHECK_NOTHROW(named(theirs, name));
  }
  // 14 tensors are in no block; the 12 of each of three blocks become 16.
  CHECK(theirs.size() == 14 + 3 * 16);
}

TEST_CASE("a_missing_key_projection_is_refused_by_its_name") {
  auto tensors = huggingface();
  std::erase_if(tensors, [](const NamedTensor& tensor) {
    return tensor.name == "text_model.encoder.layers.0.self_attn.k_proj.bias";
  });
  CHECK_THROWS_WITH_AS(
      to_open_clip(tensors, "x"),
      doctest::Contains("has no 'text_model.encoder.layers.0.self_attn.k_proj.bias'"),
      CheckpointError);
  tensors = huggingface();
  named(tensors, "text_model.encoder.layers.0.self_attn.v_proj.bias") = {
      "text_model.encoder.layers.0.self_attn.v_proj.bias", {2}, {1, 2}};
  CHECK_THROWS_AS(to_open_clip(tensors, "x"), CheckpointError);
}

TEST_CASE("openai_extras_and_constants_are_left_out_and_said") {
  auto tensors = parameters_with_values(small_model());
  tensors.push_back({"input_resolution", {}, {12}});
  tensors.push_back({"context_length", {}, {5}});
  tensors.push_back({"vocab_size", {}, {11}});
  named(tensors, "logit_scale").shape = {1};
  const OpenClipWeights weights = to_open_clip(tensors, "x");
  CHECK(weights.openai);
  CHECK(weights.left_out ==
        std::vector<std::string>{"input_resolution", "context_length", "vocab_size"});
  CHECK(weights.tensors == parameters_with_values(small_model()));
}

TEST_CASE("the_prefix_of_custom_text_models_is_taken_off") {
  auto tensors = parameters_with_values(small_model());
  for (NamedTensor& tensor : tensors) {
    if (!tensor.name.starts_with("visual.") && !tensor.name.starts_with("logit_")) {
      tensor.name = std::string("text.").append(tensor.name);
    }
  }
  const OpenClipWeights weights = to_open_clip(tensors, "x");
  CHECK(weights.custom_text);
  CHECK(weights.tensors == parameters_with_values(small_model()));
}

TEST_CASE("two_tensors_of_one_name_are_refused") {
  auto tensors = parameters_with_values(small_model());
  tensors.push_back({"text.ln_final.bias", {1}, {1}});
  CHECK_THROWS_WITH_AS(to_open_clip(tensors, "x"), doctest::Contains("two tensors"),
                       CheckpointError);
}
