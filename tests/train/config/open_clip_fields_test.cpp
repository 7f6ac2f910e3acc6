// Model files as open_clip has them.
#include "core/error.h"
#include "train/config/read.h"
#include "train/config/reference.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

std::string refusal(const std::string& json) {
  try {
    parse_model_config(json, "m.json");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "not refused";
}

}  // namespace

TEST_CASE("open_clips_json_of_a_vit_loads_as_it_is") {
  const ClipConfig model = parse_model_config(R"({
    "embed_dim": 1024,
    "quick_gelu": true,
    "vision_cfg": {
        "image_size": 378,
        "layers": 32,
        "width": 1280,
        "head_width": 80,
        "patch_size": 14
    },
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 1024,
        "heads": 16,
        "layers": 24
    }
})",
                                              "m.json");
  CHECK(model.vision_cfg.image_size == 378);
  CHECK(model.vision_cfg.head_width == 80);
  CHECK(model.text_cfg.layers == 24);
  CHECK(model.quick_gelu);
}

TEST_CASE("json_and_yaml_give_the_same_model") {
  const std::string yaml =
      "embed_dim: 24\nvision_cfg: {image_size: 32, patch_size: 8, width: 64}\n";
  const std::string json =
      R"({"embed_dim": 24, "vision_cfg": {"image_size": 32, "patch_size": 8, "width": 64}})";
  CHECK(parse_model_config(yaml, "m.yaml") == parse_model_config(json, "m.json"));
}

TEST_CASE("fields_of_open_clip_that_change_nothing_are_allowed") {
  CHECK(refusal(R"({"custom_text": true, "multimodal_cfg": null,
                    "vision_cfg": {"patch_dropout": 0.0, "pool_type": "tok", "timm_pool": "map",
                                   "timm_model_name": null, "ls_init_value": null},
                    "text_cfg": {"no_causal_mask": false, "pool_type": "argmax", "pad_id": 1,
                                 "hf_model_name": null, "norm_kwargs": null, "act_kwargs": null,
                                 "hf_tokenizer_name": null}})") == "not refused");
}

TEST_CASE("the_masks_and_the_pooling_of_a_text_tower_are_open_clips") {
  const ClipConfig model = parse_model_config(
      R"({"text_cfg": {"no_causal_mask": true, "pool_type": "last"}})", "m.json");
  CHECK(model.text_cfg.no_causal_mask);
  CHECK(model.text_cfg.pool_type == "last");
}

// As open_clip 2.32.0 has it, but for the names that differ from file to file.
std::string siglip(const std::string& tower, const std::string& width, const std::string& more) {
  return R"({
    "embed_dim": )" + width + R"(,
    "init_logit_bias": -10,
    "custom_text": true,
    "vision_cfg": {
        "timm_model_name": ")" + tower + R"(",
        "timm_model_pretrained": false,
        "timm_pool": "map",
        "timm_proj": "none")" + more + R"(
    },
    "text_cfg": {
        "context_length": 64,
        "vocab_size": 256000,
        "hf_tokenizer_name": "timm/ViT-B-16-SigLIP2",
        "tokenizer_kwargs": {
            "clean": "canonicalize"
        },
        "width": 1152,
        "heads": 16,
        "layers": 27,
        "mlp_ratio": 3.7362,
        "no_causal_mask": true,
        "proj_bias": true,
        "pool_type": "last",
        "norm_kwargs":{
            "eps": 1e-6
        },
        "act_kwargs": {
            "approximate": "tanh"
        }
    }
})";
}

TEST_CASE("open_clips_json_of_a_siglip_loads_as_it_is") {
  const ClipConfig model =
      parse_model_config(siglip("vit_so400m_patch14_siglip_384", "1152", ""), "m.json");
  const VisionConfig& vision = model.vision_cfg;
  CHECK(vision.image_size == 384);
  CHECK(vision.tokens() == 27 * 27);
  CHECK(vision.head_width == 72);
  CHECK(mlp_channels(vision.width, vision.mlp_ratio) == 4304);
  CHECK(vision.pool_type == "map");
  CHECK(vision.norm_kwargs.eps == 1e-6);
  CHECK(vision.act_kwargs.approximate == "none");
  CHECK(model.text_cfg.proj_bias);
  CHECK(model.text_cfg.norm_kwargs.eps == 1e-6);
  CHECK(model.text_cfg.act_kwargs.approximate == "tanh");
  CHECK(model.text_cfg.hf_tokenizer_name == "timm/ViT-B-16-SigLIP2");
  CHECK(parse_model_config(to_yaml(model), "m.yaml") == model);
}

TEST_CASE("keys_beside_the_name_of_a_timm_tower_are_stronger") {
  const VisionConfig vision =
      parse_model_config(siglip("vit_base_patch32_siglip_256", "768", R"(, "layers": 3)"), "m.json")
          .vision_cfg;
  CHECK(vision.layers == 3);
  CHECK(vision.patch_size == 32);
  CHECK(vision.act_kwargs.approximate == "tanh");
}

TEST_CASE("other_settings_of_timm_than_siglips_are_refused_by_name") {
  const auto refused = [](const std::string& vision, const std::string& words) {
    const std::string said = refusal(R"({"embed_dim": 768, "vision_cfg": {)" + vision + "}}");
    CHECK_MESSAGE(said.find(words) != std::string::npos, said);
  };
  const std::string name = R"("timm_model_name": "vit_base_patch16_siglip_224", )";
  const std::string siglips = name + R"("timm_pool": "map", "timm_proj": "none")";
  refused(siglips, "not refused");
  refused(R"("timm_model_name": "convnext_base")", "Tandem has vit_base_patch32_siglip_256, ");
  refused(name + R"("timm_proj": "none")", "timm_pool is avg unless given");
  refused(name + R"("timm_pool": "map")", "timm_proj is linear unless given");
  refused(name + R"("timm_pool": "avg", "timm_proj": "none")", "supports only map.");
  refused(siglips + R"(, "timm_model_pretrained": true)", "timm_model_pretrained is true");
  refused(siglips + R"(, "timm_drop_path": 0.1)", "timm_drop_path is 0.1");
  refused(siglips + R"(, "timm_drop_path": 0.0, "timm_drop": 0)", "not refused");
  refused(siglips + R"(}, "quick_gelu": true, "text_cfg": {)", "quick_gelu is true");
}

TEST_CASE("poolings_and_projections_that_do_not_fit_together_are_refused") {
  const auto refused = [](const std::string& json, const std::string& words) {
    CHECK_MESSAGE(refusal(json).find(words) != std::string::npos, refusal(json));
  };
  refused(R"({"vision_cfg": {"pool_type": "map"}})", "class_token is true; set it to false");
  refused(R"({"vision_cfg": {"class_token": false}})", "class_token is false; set it to true");
  refused(R"({"vision_cfg": {"proj_type": "none"}})", "width is 768 and embed_dim 512");
  refused(R"({"embed_dim": 8, "text_cfg": {"proj_type": "none"}})", "width is 512 and embed_dim 8");
  refused(R"({"vision_cfg": {"image_size": 30, "crop_to_patches": true}})",
          "patch_size is 32, more");
  refused(R"({"quick_gelu": true, "text_cfg": {"act_kwargs": {"approximate": "tanh"}}})",
          "quick_gelu is true; choose one");
}

TEST_CASE("fields_of_open_clip_that_tandem_lacks_are_refused_by_name") {
  CHECK(refusal(R"({"vision_cfg": {"attentional_pool": true}})") ==
        "m.json:1: vision_cfg.attentional_pool is true; Tandem does not support pooling by "
        "attention as CoCa has it, so that only false is possible.");
  const auto refused = [](const std::string& json, const std::string& words) {
    CHECK_MESSAGE(refusal(json).find(words) != std::string::npos, refusal(json));
  };
  refused(R"({"text_cfg": {"pool_type": "first"}})", "expected one of argmax, last");
  refused(R"({"model": {"text_cfg": {"norm_kwargs": {"bias": false}}}})",
          "unknown key 'bias' in model.text_cfg.norm_kwargs");
  refused(R"({"text_cfg": {"tokenizer_kwargs": {"clean": "lower"}}})", "other cleaning of texts");
  refused(R"({"multimodal_cfg": {"width": 512}})", "does not support CoCa's text decoder");
  refused(R"({"vision_cfg": {"layers": [3, 4, 6, 3]}})", "layers is a list, as a ResNet's");
  refused(R"({"vision_cfg": {"layers": [3, 4, 6, 3], "patch_size": null}})", "a ResNet's; Tandem");
  refused(R"({"vision_cfg": {"timm_pol": "map"}})", "unknown key 'timm_pol'");
  refused(R"({"embed_dim": 8, "pool_type": "tok"})", "unknown key 'pool_type'");
}
