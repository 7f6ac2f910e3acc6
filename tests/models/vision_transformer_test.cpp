// Patch dropout: what the image tower sees of a picture.
#include "models/vision_transformer.h"

#include "autograd/program.h"
#include "core/philox.h"
#include "tests/devices.h"

#include <algorithm>
#include <cmath>

using namespace tandem;

namespace {

constexpr int64_t pictures = 2, side = 8, width = 4;

// Four patches a picture.
VisionConfig config(double patch_dropout, bool by_attention = false) {
  VisionConfig config{.image_size = side, .patch_size = 4, .width = 16, .layers = 2,
                      .head_width = 8, .patch_dropout = patch_dropout};
  if (by_attention) {
    config.patch_bias = config.no_ln_pre = true;
    config.class_token = false;
    config.pool_type = "map";
  }
  return config;
}

std::vector<float> random_pixels() {
  Random random(4, 0, 0, RandomUse::test);
  std::vector<float> pixels(pictures * 3 * side * side);
  for (float& value : pixels) value = random.uniform(-1, 1);
  return pixels;
}

// Adds one to the pixels of a patch of the first picture.
std::vector<float> with_changed_patch(std::vector<float> pixels, int64_t patch) {
  for (int64_t i = 0; i < 16; ++i) {
    const int64_t y = patch / 2 * 4 + i / 4, x = patch % 2 * 4 + i % 4;
    pixels[y * side + x] += 1;
  }
  return pixels;
}

// Features of pictures of which the tokens `kept` are seen; of whole ones if it is empty.
std::vector<float> features(Device& device, const std::vector<float>& pixels,
                            const std::vector<int32_t>& kept, bool by_attention = false) {
  Graph graph;
  const Adaptation none;
  Parameters parameters(graph, none);
  const VisionTransformer tower(parameters, config(0.5, by_attention), Activation::gelu, width);
  const Tensor input = graph.input("pixels", {DType::f32, {pictures, 3, side, side}});
  const auto count = static_cast<int64_t>(kept.size());
  const Tensor tokens =
      kept.empty() ? Tensor() : graph.input("kept_tokens", {DType::i32, {count}});
  Variables variables(device);
  Program program(graph, variables, {tower.forward(input, tokens)});
  variables.initialize(1);
  Feeds feeds{{"pixels", as_feed(pixels)}};
  if (!kept.empty()) feeds["kept_tokens"] = as_feed(kept);
  return program.fetch(program.run(feeds), 0);
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(a[i]) - b[i]));
  }
  return largest;
}

}  // namespace

TEST_CASE("a_tower_that_keeps_every_patch_sees_what_one_without_patch_dropout_sees") {
  for_each_test_device([](Device& device) {
    const std::vector<float> pixels = random_pixels();
    const std::vector<float> kept = features(device, pixels, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(difference(kept, features(device, pixels, {})) <= 1e-6);
  });
}

TEST_CASE("features_depend_on_the_kept_patches_alone") {
  for_each_test_device([](Device& device) {
    const std::vector<float> pixels = random_pixels();
    const std::vector<int32_t> kept{0, 1, 4, 5, 7, 8};  // patches 0 and 3, and 1 and 2
    const std::vector<float> before = features(device, pixels, kept);
    for (int64_t patch = 0; patch < 4; ++patch) {
      INFO("patch ", patch);
      const double change =
          difference(features(device, with_changed_patch(pixels, patch), kept), before);
      const bool seen = patch == 0 || patch == 3;
      CHECK((change > 1e-3) == seen);
      if (!seen) CHECK(change <= 0);
    }
  });
}

TEST_CASE("a_tower_that_pools_by_attention_sees_the_kept_patches_alone") {
  for_each_test_device([](Device& device) {
    const std::vector<float> pixels = random_pixels();
    const std::vector<float> all = features(device, pixels, {0, 1, 2, 3, 4, 5, 6, 7}, true);
    CHECK(difference(all, features(device, pixels, {}, true)) <= 1e-6);
    const std::vector<int32_t> kept{0, 3, 4, 6};
    const std::vector<float> before = features(device, pixels, kept, true);
    for (int64_t patch = 0; patch < 4; ++patch) {
      INFO("patch ", patch);
      const double change =
          difference(features(device, with_changed_patch(pixels, patch), kept, true), before);
      CHECK((change > 1e-4) == (patch == 0 || patch == 3));
    }
  });
}

TEST_CASE("patch_dropout_keeps_the_share_of_patches_that_it_leaves_and_at_least_one") {
  CHECK(config(0).kept_patches() == 4);
  CHECK(config(0.5).kept_patches() == 2);
  CHECK(config(0.6).kept_patches() == 1);
  CHECK(config(0.99).kept_patches() == 1);
}

TEST_CASE("only_a_tower_with_patch_dropout_has_an_input_for_it") {
  const Adaptation none;
  Graph graph;
  Parameters parameters(graph, none);
  const VisionTransformer whole(parameters, config(0), Activation::gelu, width);
  CHECK_FALSE(whole.kept_input(graph, pictures));
  Graph other;
  Parameters others(other, none);
  const VisionTransformer half(others, config(0.5), Activation::gelu, width);
  CHECK(half.kept_input(other, pictures).shape() == Shape{6});
  Graph third;
  Parameters more(third, none);
  const VisionTransformer pooled(more, config(0.5, true), Activation::gelu, width);
  CHECK(pooled.kept_input(third, pictures).shape() == Shape{4});
}
