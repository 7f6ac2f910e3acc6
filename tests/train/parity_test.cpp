// Against weights, inputs and results that open_clip wrote: those in ../shared where they are
// there, and smaller ones of odd shapes that tests/peers/make_parity.py made.
#include "train/parity.h"

#include "tests/devices.h"
#include "tests/folders.h"
#include "train/config/read.h"

#include <doctest/doctest.h>
#include <cstdlib>
#include <filesystem>

using namespace tandem;

namespace {

std::filesystem::path fixtures() {
  return test::shared_folder() / "fixtures";
}

void check_model(const std::filesystem::path& base, DType precision = DType::f32) {
  if (!std::filesystem::exists(base.string() + ".json")) {
    MESSAGE("not tested: no fixtures at " << base.string());
    return;
  }
  const ClipConfig model = read_model_config(base.string() + ".json");
  const Safetensors weights(base.string() + ".weights.safetensors");
  const Safetensors reference(base.string() + ".expected.safetensors");
  for_each_test_device([&](Device& device) {
    for (const ParityRow& row : check_parity(model, weights, reference, device, precision)) {
      INFO(device.info().name, " ", row.name, ": ", row.relative, " against ", row.tolerance);
      CHECK(row.passed());
    }
  });
}

const std::filesystem::path small = test::source_folder() / "tests/fixtures/parity";

}  // namespace

TEST_CASE("clip_computes_what_open_clip_computes") { check_model(fixtures() / "tiny_clip"); }

TEST_CASE("siglip_computes_what_open_clip_computes") { check_model(fixtures() / "tiny_siglip"); }

// Pictures of 35 pixels in patches of 7, heads of 12 and 6, 9 tokens.
TEST_CASE("clip_with_quick_gelu_and_odd_sizes_computes_what_open_clip_computes") {
  check_model(small / "quick_gelu");
}

// Pictures of 27 pixels in patches of 9, widths of 35 and 33, heads of 7 and 11, 77 tokens.
TEST_CASE("clip_with_77_tokens_and_odd_widths_computes_what_open_clip_computes") {
  check_model(small / "long_context");
}

// One patch, one head of 80, an MLP of 109 channels, heads of 2 in the text tower.
TEST_CASE("siglip_with_one_patch_computes_what_open_clip_computes") {
  check_model(small / "one_patch_siglip");
}

// A text tower without a causal mask, pooled at the last token.
TEST_CASE("siglips_text_tower_computes_what_open_clip_computes") {
  check_model(small / "last_token_siglip");
}

// SigLIP's image tower by timm, pooled by attention: pictures of 29 pixels in 9 patches of 9, heads
// of 5, an MLP of 74 channels, no class token, ln_pre or projection; tanh in the text tower's GELU and
// a bias in its projection.
TEST_CASE("siglips_whole_model_computes_what_open_clip_and_timm_compute") {
  check_model(small / "attention_pool_siglip");
}

TEST_CASE("in_bf16_and_fp16_clip_is_as_near_to_open_clip_as_those_can_be") {
  check_model(fixtures() / "tiny_clip", DType::bf16);
  check_model(fixtures() / "tiny_clip", DType::f16);
}
