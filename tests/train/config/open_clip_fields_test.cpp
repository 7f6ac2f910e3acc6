// Model files as open_clip has them.
#include "core/error.h"
#include "train/config/read.h"

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
                                 "hf_model_name": null, "norm_kwargs": null}})") == "not refused");
}

TEST_CASE("the_masks_and_the_pooling_of_a_text_tower_are_open_clips") {
  const ClipConfig model = parse_model_config(
      R"({"text_cfg": {"no_causal_mask": true, "pool_type": "last"}})", "m.json");
  CHECK(model.text_cfg.no_causal_mask);
  CHECK(model.text_cfg.pool_type == "last");
}

TEST_CASE("fields_of_open_clip_that_tandem_lacks_are_refused_by_name") {
  CHECK(refusal(R"({"vision_cfg": {"timm_model_name": "vit_base_patch16_siglip_224"}})") ==
        "m.json:1: vision_cfg.timm_model_name is vit_base_patch16_siglip_224; Tandem does not "
        "support image towers of timm, so that only null is possible.");
  const auto refused = [](const std::string& json, const std::string& words) {
    CHECK_MESSAGE(refusal(json).find(words) != std::string::npos, refusal(json));
  };
  refused(R"({"text_cfg": {"proj_bias": true}})", "text_cfg.proj_bias is true");
  refused(R"({"text_cfg": {"pool_type": "first"}})", "expected one of argmax, last");
  refused(R"({"model": {"text_cfg": {"norm_kwargs": {"eps": 1e-6}}}})",
          "model.text_cfg.norm_kwargs is a map");
  refused(R"({"multimodal_cfg": {"width": 512}})", "does not support CoCa's text decoder");
  refused(R"({"vision_cfg": {"layers": [3, 4, 6, 3]}})", "layers is a list, as a ResNet's");
  refused(R"({"vision_cfg": {"layers": [3, 4, 6, 3], "patch_size": null}})", "a ResNet's; Tandem");
  refused(R"({"vision_cfg": {"timm_pol": "map"}})", "unknown key 'timm_pol'");
  refused(R"({"embed_dim": 8, "pool_type": "tok"})", "unknown key 'pool_type'");
}
