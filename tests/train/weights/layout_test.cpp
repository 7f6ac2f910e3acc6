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
  return to_layout(parameters_with_values(small_model()), Layout::huggingface);
}

// The names of all tensors, as one text.
std::string names_of(std::vector<NamedTensor> tensors) {
  std::string names;
  for (const NamedTensor& tensor : sorted(std::move(tensors))) names += tensor.name + "\n";
  return names;
}

}  // namespace

TEST_CASE("huggingface_and_back_gives_the_same_bits") {
  const auto tensors = parameters_with_values(small_model());
  const FoundWeights back = from_layout(to_layout(tensors, Layout::huggingface), "x");
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

TEST_CASE("siglip_keeps_its_bits_in_open_clips_and_in_huggingfaces_layout") {
  const auto tensors = parameters_with_values(small_siglip());
  for (const Layout layout : {Layout::open_clip, Layout::huggingface}) {
    const FoundWeights back = from_layout(to_layout(tensors, layout), "x");
    CHECK(back.found == layout);
    CHECK(back.timm == (layout == Layout::open_clip));
    CHECK(back.custom_text == back.timm);
    CHECK(sorted(back.tensors) == sorted(tensors));
  }
}

TEST_CASE("siglips_image_tower_has_timms_names_in_open_clips_layout") {
  auto theirs = to_layout(parameters_with_values(small_siglip()), Layout::open_clip);
  CHECK(named(theirs, "visual.trunk.pos_embed").shape == Shape{1, 9, 64});
  CHECK(named(theirs, "visual.trunk.attn_pool.kv.weight").shape == Shape{128, 64});
  CHECK(named(theirs, "visual.trunk.attn_pool.latent").shape == Shape{1, 1, 64});
  CHECK(named(theirs, "text.text_projection.weight").shape == Shape{64, 64});
  std::erase_if(theirs, [](const NamedTensor& tensor) {
    return tensor.name.starts_with("text.t") || tensor.name.find("blocks.1.") != std::string::npos;
  });
  CHECK(names_of(theirs) ==
        "logit_bias\nlogit_scale\ntext.ln_final.bias\ntext.ln_final.weight\n"
        "text.positional_embedding\n"
        "visual.trunk.attn_pool.kv.bias\nvisual.trunk.attn_pool.kv.weight\n"
        "visual.trunk.attn_pool.latent\nvisual.trunk.attn_pool.mlp.fc1.bias\n"
        "visual.trunk.attn_pool.mlp.fc1.weight\nvisual.trunk.attn_pool.mlp.fc2.bias\n"
        "visual.trunk.attn_pool.mlp.fc2.weight\nvisual.trunk.attn_pool.norm.bias\n"
        "visual.trunk.attn_pool.norm.weight\nvisual.trunk.attn_pool.proj.bias\n"
        "visual.trunk.attn_pool.proj.weight\nvisual.trunk.attn_pool.q.bias\n"
        "visual.trunk.attn_pool.q.weight\nvisual.trunk.blocks.0.attn.proj.bias\n"
        "visual.trunk.blocks.0.attn.proj.weight\nvisual.trunk.blocks.0.attn.qkv.bias\n"
        "visual.trunk.blocks.0.attn.qkv.weight\nvisual.trunk.blocks.0.mlp.fc1.bias\n"
        "visual.trunk.blocks.0.mlp.fc1.weight\nvisual.trunk.blocks.0.mlp.fc2.bias\n"
        "visual.trunk.blocks.0.mlp.fc2.weight\nvisual.trunk.blocks.0.norm1.bias\n"
        "visual.trunk.blocks.0.norm1.weight\nvisual.trunk.blocks.0.norm2.bias\n"
        "visual.trunk.blocks.0.norm2.weight\nvisual.trunk.norm.bias\nvisual.trunk.norm.weight\n"
        "visual.trunk.patch_embed.proj.bias\nvisual.trunk.patch_embed.proj.weight\n"
        "visual.trunk.pos_embed\n");
}

TEST_CASE("huggingface_tensors_have_the_names_and_shapes_of_siglip_model") {
  auto ours = parameters_with_values(small_siglip());
  auto theirs = to_layout(ours, Layout::huggingface);
  const NamedTensor& joint = named(theirs, "vision_model.head.attention.in_proj_weight");
  CHECK(joint.shape == Shape{192, 64});
  const NamedTensor& value = named(ours, "visual.attn_pool.v.weight");
  CHECK(std::equal(value.values.begin(), value.values.end(), joint.values.begin() + 128 * 64));
  CHECK(named(theirs, "text_model.head.weight").values ==
        named(ours, "text_projection.weight").values);
  CHECK(named(theirs, "logit_scale").shape == Shape{1});
  for (const char* name :
       {"logit_bias", "vision_model.head.probe", "vision_model.head.attention.in_proj_bias",
        "vision_model.head.attention.out_proj.weight", "vision_model.head.layernorm.bias",
        "vision_model.head.mlp.fc2.weight", "vision_model.embeddings.patch_embedding.bias",
        "vision_model.encoder.layers.1.self_attn.v_proj.bias", "text_model.head.bias",
        "text_model.encoder.layers.0.layer_norm2.weight"}) {
    CHECK_NOTHROW(named(theirs, name));
  }
  // Each of three blocks has 16 tensors, the head 11; 13 others are in neither.
  CHECK(theirs.size() == 3 * 16 + 11 + 13);
}

TEST_CASE("keys_and_values_whose_rows_are_odd_are_refused") {
  CHECK_THROWS_WITH_AS(from_layout({{"visual.trunk.attn_pool.kv.bias", {3}, {1, 2, 3}}}, "x"),
                       doctest::Contains("rows for 2 tensors of one size"), CheckpointError);
}

TEST_CASE("a_missing_key_projection_is_refused_by_its_name") {
  auto tensors = huggingface();
  std::erase_if(tensors, [](const NamedTensor& tensor) {
    return tensor.name == "text_model.encoder.layers.0.self_attn.k_proj.bias";
  });
  CHECK_THROWS_WITH_AS(
      from_layout(tensors, "x"),
      doctest::Contains("has no 'text_model.encoder.layers.0.self_attn.k_proj.bias'"),
      CheckpointError);
  tensors = huggingface();
  named(tensors, "text_model.encoder.layers.0.self_attn.v_proj.bias") = {
      "text_model.encoder.layers.0.self_attn.v_proj.bias", {2}, {1, 2}};
  CHECK_THROWS_AS(from_layout(tensors, "x"), CheckpointError);
}

TEST_CASE("openai_extras_and_constants_are_left_out_and_said") {
  auto tensors = parameters_with_values(small_model());
  tensors.push_back({"input_resolution", {}, {12}});
  tensors.push_back({"context_length", {}, {5}});
  tensors.push_back({"vocab_size", {}, {11}});
  named(tensors, "logit_scale").shape = {1};
  const FoundWeights weights = from_layout(tensors, "x");
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
  const FoundWeights weights = from_layout(tensors, "x");
  CHECK(weights.custom_text);
  CHECK(weights.tensors == parameters_with_values(small_model()));
}

TEST_CASE("two_tensors_of_one_name_are_refused") {
  auto tensors = parameters_with_values(small_model());
  tensors.push_back({"text.ln_final.bias", {1}, {1}});
  CHECK_THROWS_WITH_AS(from_layout(tensors, "x"), doctest::Contains("two tensors"),
                       CheckpointError);
}
