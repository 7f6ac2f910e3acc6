#include "train/data/augment.h"

#include "train/data/color_jitter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace tandem;

namespace {

// A white picture with one red pixel.
Image dot(int64_t size, int64_t x, int64_t y) {
  Image image{size, size, std::vector<uint8_t>(size * size * 3, 255)};
  image.rgb[(y * size + x) * 3 + 1] = 0;
  image.rgb[(y * size + x) * 3 + 2] = 0;
  return image;
}

Image noise(int64_t width, int64_t height) {
  Image image{width, height, std::vector<uint8_t>(width * height * 3)};
  Random random(1, 0, 0, RandomUse::test);
  for (uint8_t& value : image.rgb) value = static_cast<uint8_t>(random.bits());
  return image;
}

const Normalization plain{{0, 0, 0}, {1, 1, 1}};

std::vector<float> augmented(const Image& image, int64_t size, const AugmentConfig& config,
                             uint32_t sample = 0, Alpha alpha = Alpha::drop) {
  std::vector<float> out(3 * size * size, NAN);
  AugmentScratch scratch;
  augment(image, size, config, alpha, plain, Random(7, 3, sample, RandomUse::augment), out,
          scratch);
  return out;
}

AugmentConfig everything() {
  AugmentConfig config;
  config.scale = {0.3, 1.0};
  config.shift = 0.2;
  config.rotate = 20;
  config.flip = 0.5;
  config.brightness = config.contrast = config.saturation = 0.4;
  config.hue = 0.5;
  config.grayscale = config.erase = 0.3;
  return config;
}

}  // namespace

TEST_CASE("without_any_change_training_sees_what_evaluation_sees") {
  const Image image = noise(31, 45);
  std::vector<float> expected(3 * 16 * 16);
  AugmentScratch scratch;
  preprocess(image, 16, plain, expected, scratch);
  CHECK(augmented(image, 16, {}) == expected);
}

TEST_CASE("normalization_subtracts_the_mean_and_divides_by_the_deviation") {
  std::vector<float> out(3);
  normalize({1, 1, {0, 51, 255}}, {{0.5f, 0.1f, 0.5f}, {0.5f, 0.1f, 0.25f}}, out);
  CHECK(std::abs(out[0] + 1) <= 1e-6);
  CHECK(std::abs(out[1] - 1) <= 1e-6);
  CHECK(std::abs(out[2] - 2) <= 1e-6);
}

TEST_CASE("a_sample_depends_on_its_number_and_nothing_else") {
  const Image image = noise(80, 72);
  const auto config = everything();
  const auto first = augmented(image, 32, config, 5);
  CHECK(augmented(image, 32, config, 6) != first);
  CHECK(augmented(image, 32, config, 5) == first);
}

TEST_CASE("all_changes_together_stay_within_the_colour_range") {
  const Image image = noise(40, 50);
  for (uint32_t sample = 0; sample < 50; ++sample) {
    for (const float value : augmented(image, 24, everything(), sample)) {
      REQUIRE((value >= 0.0f && value <= 1.0f));
    }
  }
}

TEST_CASE("flip_at_probability_one_mirrors_the_picture") {
  const auto out = augmented(dot(8, 1, 2), 8, {.flip = 1.0});
  CHECK(out[64 + 2 * 8 + 6] == 0.0f);
  CHECK(std::count(out.begin(), out.end(), 1.0f) == 190);
}

TEST_CASE("shift_moves_by_whole_pixels_and_uncovers_the_border_colour") {
  for (uint32_t sample = 0; sample < 20; ++sample) {
    const auto out = augmented(dot(9, 4, 4), 9, {.shift = 0.4}, sample);
    CHECK(std::count(out.begin(), out.end(), 0.0f) == 2);  // the dot, whole, and no black border
    CHECK(std::count(out.begin(), out.end(), 1.0f) == 241);
  }
}

TEST_CASE("what_is_uncovered_is_white_where_alpha_is_white") {
  const Image black{6, 6, std::vector<uint8_t>(108, 0)};
  AugmentConfig config{.shift = 0.5};
  bool uncovered = false;
  for (uint32_t sample = 0; sample < 10; ++sample) {
    const auto kept = augmented(black, 6, config, sample, Alpha::drop);
    CHECK(std::count(kept.begin(), kept.end(), 0.0f) == 108);
    const auto white = augmented(black, 6, config, sample, Alpha::white);
    uncovered |= std::count(white.begin(), white.end(), 1.0f) > 0;
  }
  CHECK(uncovered);
}

TEST_CASE("rotation_keeps_the_centre_and_a_flat_picture") {
  for (uint32_t sample = 0; sample < 10; ++sample) {
    const auto out = augmented(dot(9, 4, 4), 9, {.rotate = 90}, sample);
    CHECK(out[81 + 40] <= 0.02f);                                  // green of the centre
    CHECK(std::count(out.begin(), out.begin() + 81, 1.0f) == 81);  // red is 1 everywhere
  }
}

TEST_CASE("random_crops_zoom_into_the_picture") {
  // A ramp from left to right: a crop of a tenth of the area spans much less of it.
  Image ramp{100, 100, {}};
  for (int i = 0; i < 10000; ++i) {
    for (int c = 0; c < 3; ++c) ramp.rgb.push_back(static_cast<uint8_t>(i % 100 * 2));
  }
  AugmentConfig config;
  config.scale = {0.1, 0.1};
  for (uint32_t sample = 0; sample < 20; ++sample) {
    const auto out = augmented(ramp, 16, config, sample);
    const double span = (out[15] - out[0]) * 255 / 2 * 16 / 15;  // pixels of the crop's width
    CHECK(span >= std::sqrt(1000 * 3.0 / 4) - 3);
    CHECK(span <= std::sqrt(1000 * 4.0 / 3) + 3);
  }
}

TEST_CASE("erase_clears_one_rectangle") {
  const Image white{32, 32, std::vector<uint8_t>(32 * 32 * 3, 255)};
  for (uint32_t sample = 0; sample < 20; ++sample) {
    const auto out = augmented(white, 32, {.erase = 1.0}, sample);
    const auto erased = std::count(out.begin(), out.end(), 0.0f);
    CHECK(erased % 3 == 0);
    CHECK(erased / 3 >= 0.01 * 1024);
    CHECK(erased / 3 <= 0.37 * 1024);
  }
}

TEST_CASE("colour_steps_do_what_their_names_say") {
  std::vector<float> red{1, 0, 0};
  adjust_hue(red, 1.0f / 3);
  CHECK(std::abs(red[1] - 1) <= 1e-5);  // a third of the circle: green
  CHECK(std::abs(red[0]) <= 1e-5);
  std::vector<float> color{0.5f, 0.25f, 0.125f};
  adjust_hue(color, 0.0f);
  CHECK(std::abs(color[1] - 0.25f) <= 1e-6);
  adjust_brightness(color, 3.0f);
  CHECK(std::abs(color[0] - 1.0f) <= 1e-6);  // 1.5, clamped
  CHECK(std::abs(color[1] - 0.75f) <= 1e-6);
  adjust_saturation(color, 0.0f);
  CHECK(std::abs(color[0] - color[2]) <= 1e-6);
  std::vector<float> two{0.2f, 0.6f, 0.2f, 0.6f, 0.2f, 0.6f};  // greys 0.2 and 0.6
  adjust_contrast(two, 0.5f);
  CHECK(std::abs(two[0] - 0.3f) <= 1e-4);
  CHECK(std::abs(two[1] - 0.5f) <= 1e-4);
}
