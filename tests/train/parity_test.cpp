// Against weights, inputs and results that open_clip wrote, where they are there.
#include "train/parity.h"

#include "tests/devices.h"
#include "tests/folders.h"
#include "train/config/read.h"

#include <doctest/doctest.h>
#include <filesystem>

using namespace tandem;

namespace {

std::filesystem::path fixtures() {
  return test::shared_folder() / "fixtures";
}

void check_model(const std::string& name, DType precision = DType::f32) {
  const auto base = fixtures() / name;
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

}  // namespace

TEST_CASE("clip_computes_what_open_clip_computes") { check_model("tiny_clip"); }

TEST_CASE("siglip_computes_what_open_clip_computes") { check_model("tiny_siglip"); }

TEST_CASE("in_bf16_and_fp16_clip_is_as_near_to_open_clip_as_those_can_be") {
  check_model("tiny_clip", DType::bf16);
  check_model("tiny_clip", DType::f16);
}
