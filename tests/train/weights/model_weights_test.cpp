#include "train/weights/model_weights.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "tests/train/weights/small_model.h"
#include "train/checkpoint/checkpoint.h"
#include "train/checkpoint/safetensors.h"
#include "train/snapshot.h"
#include "train/weights/detect.h"
#include "train/weights/write.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tandem;
using namespace tandem::test;

namespace {

bool contains(const std::vector<std::string>& notes, const std::string& part) {
  return std::ranges::any_of(
      notes, [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

// The error of reading those tensors from a safetensors file.
std::string error_of(const std::vector<NamedTensor>& tensors) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", tensors);
  try {
    read_model_weights(folder / "x.safetensors");
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a_models_shape_is_read_off_its_weights") {
  const TemporaryFolder folder;
  const auto tensors = parameters_with_values(small_model());
  for (const bool huggingface : {false, true}) {
    const Layout layout = huggingface ? Layout::huggingface : Layout::open_clip;
    write_safetensors(folder / "x", to_layout(tensors, layout));
    const ModelWeights weights = read_model_weights(folder / "x");
    CHECK(weights.model == small_model());
    CHECK(weights.tensors == tensors);
    CHECK(weights.left_out.empty());
    CHECK(contains(weights.notes, "exact GELU assumed"));
  }
}

TEST_CASE("what_pictures_go_through_is_read_beside_the_weights_and_kept") {
  const TemporaryFolder folder;
  const auto tensors = parameters_with_values(small_model());
  folder.write("open_clip_config.json",
               R"({"model_cfg": {}, "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [1, 2, 3],
                   "interpolation": "bilinear", "resize_mode": "squash"}})");
  folder.write("preprocessor_config.json",
               R"({"image_mean": [0, 0, 0.1], "resample": 2, "size": {"height": 8, "width": 8}})");
  for (const bool huggingface : {false, true}) {
    const Layout layout = huggingface ? Layout::huggingface : Layout::open_clip;
    write_safetensors(folder / "x", to_layout(tensors, layout));
    const ModelWeights weights = read_model_weights(folder / "x");
    CHECK(contains(weights.notes, "pictures: squash, bilinear, mean ["));
    write_model_weights(folder / "x.h5", weights, Layout::open_clip);
    const DataConfig data = config_of(read_checkpoint_model(folder / "x.h5"), "x.h5").data;
    CHECK(data.mean[2] == (huggingface ? 0.1 : 0.5));
    CHECK(data.std[1] == (huggingface ? DataConfig().std[1] : 2));
    CHECK(data.interpolation == "bilinear");
    CHECK(data.resize_mode == "squash");
  }
}

TEST_CASE("preprocessing_that_is_none_is_refused") {
  const TemporaryFolder folder;
  write_safetensors(folder / "x", parameters_with_values(small_model()));
  for (const char* bad : {R"({"std": [1, 1, 0]})", R"({"mean": [1, 1]})", R"({"mean": "x"})",
                          R"({"interpolation": "nearest"})", R"({"resize_mode": 3})"}) {
    folder.write("open_clip_config.json", std::string(R"({"preprocess_cfg": )") + bad + "}");
    CHECK_THROWS_AS(read_model_weights(folder / "x"), CheckpointError);
  }
  write_safetensors(folder / "x", to_layout(parameters_with_values(small_model()),
                                            Layout::huggingface));
  for (const char* filter : {"0", "1", "4", "-1", "\"bicubic\""}) {
    folder.write("preprocessor_config.json", fmt::format(R"({{"resample": {}}})", filter));
    CHECK_THROWS_WITH_AS(read_model_weights(folder / "x"),
                         doctest::Contains(fmt::format("'resample' is {}, which", filter).c_str()),
                         CheckpointError);
  }
}

TEST_CASE("weights_keep_their_bits_and_model_through_every_kind_of_file") {
  const TemporaryFolder folder;
  ClipConfig model = small_model();
  model.vision_cfg.head_width = 16;  // not what would be guessed
  model.text_cfg.heads = 2;
  model.quick_gelu = true;
  model.init_logit_bias = -10.0;
  const auto tensors = parameters_with_values(model);
  write_safetensors(folder / "0.safetensors", tensors);
  ModelWeights weights = read_model_weights(folder / "0.safetensors", {.model = model});
  write_model_weights(folder / "1.h5", weights, Layout::open_clip);
  weights = read_model_weights(folder / "1.h5");
  write_model_weights(folder / "2.safetensors", weights, Layout::huggingface);
  weights = read_model_weights(folder / "2.safetensors");
  CHECK(weights.found == Layout::huggingface);
  write_model_weights(folder / "3.h5", weights, Layout::open_clip);
  weights = read_model_weights(folder / "3.h5");
  write_model_weights(folder / "4.safetensors", weights, Layout::open_clip);
  weights = read_model_weights(folder / "4.safetensors");
  CHECK(weights.model == model);
  CHECK(weights.tensors == tensors);
  CHECK(content_of(folder / "1.h5") == content_of(folder / "3.h5"));
}

TEST_CASE("a_siglip_keeps_its_bits_and_model_through_every_kind_of_file") {
  const TemporaryFolder folder;
  ClipConfig model = small_siglip();
  model.text_cfg.act_kwargs.approximate = "tanh";
  const auto tensors = parameters_with_values(model);
  write_safetensors(folder / "0.safetensors", tensors);
  ModelWeights weights = read_model_weights(folder / "0.safetensors", {.model = model});
  const Layout layouts[] = {Layout::open_clip, Layout::huggingface};
  for (const Layout layout : layouts) {
    write_model_weights(folder / "1.safetensors", weights, layout);
    weights = read_model_weights(folder / "1.safetensors");
    CHECK(weights.found == layout);
    write_model_weights(folder / "2.h5", weights, Layout::open_clip);
    weights = read_model_weights(folder / "2.h5");
    CHECK(weights.model == model);
    CHECK(weights.tensors == tensors);
  }
  CHECK(config_of(read_checkpoint_model(folder / "2.h5"), "2.h5").data.resize_mode == "squash");
}

TEST_CASE("a_siglips_shape_is_read_off_its_weights") {
  const TemporaryFolder folder;
  const auto tensors = parameters_with_values(small_siglip());
  write_safetensors(folder / "x", to_layout(tensors, Layout::open_clip));
  ModelWeights weights = read_model_weights(folder / "x");
  CHECK(weights.model == small_siglip());
  CHECK(weights.tensors == tensors);
  CHECK(weights.left_out.empty());
  CHECK(contains(weights.notes, "exact GELU assumed, as open_clip has it in a SigLIP"));
  CHECK(contains(weights.notes, "pictures: squash, bicubic, mean [0.5, 0.5, 0.5]"));
  write_safetensors(folder / "x", to_layout(tensors, Layout::huggingface));
  CHECK(activation_of(read_model_weights(folder / "x").model) == "gelu_tanh");
  folder.write("config.json", R"({"model_type": "siglip", "vision_config": {"hidden_act": "gelu"},
                                  "text_config": {"layer_norm_eps": 1e-3}})");
  weights = read_model_weights(folder / "x");
  CHECK(activation_of(weights.model) == "gelu, gelu_tanh");
  CHECK(weights.model.vision_cfg.norm_kwargs.eps == 1e-6);
  CHECK(weights.model.text_cfg.norm_kwargs.eps == 1e-3);
}

TEST_CASE("a_siglip_without_a_text_projection_is_read_and_written") {
  const TemporaryFolder folder;
  ClipConfig model = small_siglip();
  model.text_cfg.proj_type = "none";
  model.text_cfg.proj_bias = false;
  const auto tensors = parameters_with_values(model);
  write_safetensors(folder / "x", to_layout(tensors, Layout::open_clip));
  const ModelWeights weights = read_model_weights(folder / "x");
  CHECK(weights.model == model);
  CHECK(weights.tensors == tensors);
  CHECK_THROWS_AS(write_model_weights(folder / "y.safetensors", weights, Layout::huggingface),
                  ConfigError);
}

TEST_CASE("open_clips_config_beside_a_siglip_says_the_rest") {
  const TemporaryFolder folder;
  write_safetensors(folder / "x",
                    to_layout(parameters_with_values(small_siglip()), Layout::open_clip));
  folder.write("open_clip_config.json", R"({"model_cfg": {
      "vision_cfg": {"timm_model_name": "vit_base_patch32_siglip_256"},
      "text_cfg": {"norm_kwargs": {"eps": 1e-6}, "act_kwargs": {"approximate": "tanh"},
                   "pool_type": "last", "no_causal_mask": true, "heads": 2,
                   "hf_tokenizer_name": "timm/ViT-B-32-SigLIP2-256"}}})");
  const ClipConfig model = read_model_weights(folder / "x").model;
  CHECK(model.vision_cfg.act_kwargs.approximate == "tanh");
  CHECK(model.vision_cfg.norm_kwargs.eps == 1e-6);
  CHECK(model.text_cfg.act_kwargs.approximate == "tanh");
  CHECK(model.text_cfg.heads == 2);
  CHECK(model.text_cfg.hf_tokenizer_name == "timm/ViT-B-32-SigLIP2-256");
}

TEST_CASE("every_tensor_that_a_siglip_misses_is_refused_by_its_name") {
  for (const NamedTensor& tensor : parameters_with_values(small_siglip())) {
    if (tensor.name == "logit_bias" || tensor.name == "visual.conv1.bias") continue;
    auto fewer = parameters_with_values(small_siglip());
    std::erase_if(fewer, [&](const NamedTensor& one) { return one.name == tensor.name; });
    CAPTURE(tensor.name);
    std::vector<std::string> left_out;
    CHECK_THROWS_AS(parameters_of(detect_model(fewer, {}, "x"), fewer, left_out, "x"),
                    CheckpointError);
  }
}

TEST_CASE("an_unknown_tensor_is_listed") {
  auto tensors = parameters_with_values(small_model());
  tensors.push_back({"extra.weight", {1}, {1}});
  const TemporaryFolder folder;
  write_safetensors(folder / "x", tensors);
  CHECK(read_model_weights(folder / "x").left_out == std::vector<std::string>{"extra.weight"});
}

TEST_CASE("every_missing_tensor_is_refused_by_its_name") {
  for (const NamedTensor& tensor : parameters_with_values(small_model())) {
    auto fewer = parameters_with_values(small_model());
    std::erase_if(fewer, [&](const NamedTensor& one) { return one.name == tensor.name; });
    CAPTURE(tensor.name);
    std::vector<std::string> left_out;
    CHECK_THROWS_WITH_AS(parameters_of(detect_model(fewer, {}, "x"), fewer, left_out, "x"),
                         doctest::Contains(tensor.name.c_str()), CheckpointError);
  }
}

TEST_CASE("models_of_other_kinds_are_refused_in_words") {
  auto tensors = parameters_with_values(small_model());
  tensors.push_back({"visual.layer1.0.conv1.weight", {1}, {1}});
  CHECK(error_of(tensors).find("is a ResNet") != std::string::npos);
  tensors = parameters_with_values(small_siglip());
  tensors.push_back({"visual.trunk.cls_token", {1, 1, 64}, std::vector<float>(64)});
  CHECK(error_of(tensors).find("other than SigLIP's") != std::string::npos);
  tensors = parameters_with_values(small_model());
  named(tensors, "visual.positional_embedding") = {
      "visual.positional_embedding", {9, 64}, std::vector<float>(9 * 64)};
  CHECK(error_of(tensors).find("square grid") != std::string::npos);
  tensors = parameters_with_values(small_model());
  tensors.push_back({"transformer.resblocks.99999999999999999999.x", {1}, {1}});
  CHECK(error_of(tensors).find("no block number") != std::string::npos);
  ClipConfig narrow = small_model();
  narrow.text_cfg.width = 48;
  CHECK(error_of(parameters_with_values(narrow)).find("--model") != std::string::npos);
}

TEST_CASE("openais_files_choose_quickgelu_and_say_so") {
  const TemporaryFolder folder;
  auto tensors = parameters_with_values(small_model());
  tensors.push_back({"vocab_size", {}, {11}});
  write_safetensors(folder / "x", tensors);
  const ModelWeights weights = read_model_weights(folder / "x");
  CHECK(weights.model.quick_gelu);
  CHECK(contains(weights.notes, "QuickGELU"));
  CHECK_FALSE(read_model_weights(folder / "x", {.quick_gelu = false}).model.quick_gelu);
}

TEST_CASE("a_config_beside_the_weights_gives_activation_and_heads") {
  const TemporaryFolder folder;
  const auto tensors = parameters_with_values(small_model());
  write_safetensors(folder / "x", to_layout(tensors, Layout::huggingface));
  folder.write("config.json", R"({"vision_config": {"hidden_size": 64, "num_attention_heads": 4},
                                  "text_config": {"num_attention_heads": 2}})");
  ClipConfig model = read_model_weights(folder / "x").model;
  CHECK(model.quick_gelu);
  CHECK(model.vision_cfg.head_width == 16);
  CHECK(model.text_cfg.heads == 2);
  folder.write("config.json", R"({"text_config": {"hidden_act": "gelu"}})");
  CHECK_FALSE(read_model_weights(folder / "x").model.quick_gelu);
  folder.write("config.json", "no json");
  CHECK_THROWS_AS(read_model_weights(folder / "x"), CheckpointError);
  folder.write("open_clip_config.json",
               R"({"model_cfg": {"quick_gelu": true, "vision_cfg": {"head_width": 32},
                                 "text_cfg": {"pool_type": "last", "no_causal_mask": true}}})");
  write_safetensors(folder / "y", parameters_with_values(small_model()));
  model = read_model_weights(folder / "y").model;
  CHECK(model.quick_gelu);
  CHECK(model.vision_cfg.head_width == 32);
  CHECK(model.text_cfg.pool_type == "last");
  CHECK(model.text_cfg.no_causal_mask);
}

TEST_CASE("another_picture_size_resizes_the_position_table_alone") {
  const TemporaryFolder folder;
  auto tensors = parameters_with_values(small_model());
  write_safetensors(folder / "x", tensors);
  ModelWeights weights = read_model_weights(folder / "x", {.image_size = 20});
  CHECK(weights.model.vision_cfg.image_size == 20);
  CHECK(contains(weights.notes, "3 x 3 resized to 5 x 5"));
  NamedTensor& table = named(weights.tensors, "visual.positional_embedding");
  CHECK(table.shape == Shape{26, 64});
  const NamedTensor& before = named(tensors, "visual.positional_embedding");
  CHECK(std::equal(before.values.begin(), before.values.begin() + 64, table.values.begin()));
  table = before;
  CHECK(weights.tensors == tensors);
  CHECK_THROWS_AS(read_model_weights(folder / "x", {.image_size = 21}), ConfigError);
  CHECK_THROWS_AS(read_model_weights(folder / "x", {.image_size = -4}), ConfigError);
}

TEST_CASE("a_layout_or_kind_that_is_not_written_is_refused") {
  const TemporaryFolder folder;
  write_safetensors(folder / "x", parameters_with_values(small_model()));
  const ModelWeights weights = read_model_weights(folder / "x");
  CHECK_THROWS_AS(write_model_weights(folder / "y.h5", weights, Layout::huggingface), ConfigError);
  CHECK_THROWS_AS(write_model_weights(folder / "y.pt", weights, Layout::open_clip), ConfigError);
}
