#include "core/error.h"
#include "train/data/image.h"

#include <doctest/doctest.h>
#include <webp/encode.h>

#include <cstdlib>

using namespace tandem;

namespace {

constexpr int width = 13, height = 9;

// [height, width, 4]; transparency falls from the left to the right.
std::vector<uint8_t> gradient() {
  std::vector<uint8_t> rgba;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {x * 19, y * 28, 200, x * 21}) {
        rgba.push_back(static_cast<uint8_t>(value));
      }
    }
  }
  return rgba;
}

std::vector<uint8_t> taken(uint8_t* bytes, size_t size) {
  std::vector<uint8_t> copy(bytes, bytes + size);
  WebPFree(bytes);
  return copy;
}

// Lossless; libwebp forgets the colour under full transparency only.
std::vector<uint8_t> lossless() {
  uint8_t* bytes = nullptr;
  const auto rgba = gradient();
  return taken(bytes, WebPEncodeLosslessRGBA(rgba.data(), width, height, width * 4, &bytes));
}

std::vector<uint8_t> lossy(int w, int h, const std::vector<uint8_t>& rgb) {
  uint8_t* bytes = nullptr;
  return taken(bytes, WebPEncodeRGB(rgb.data(), w, h, w * 3, 90, &bytes));
}

// An extended WebP's header with the flag of an animation, and one frame without content.
std::vector<uint8_t> animation() {
  return {'R', 'I', 'F', 'F', 54, 0, 0,   0,   'W', 'E', 'B', 'P', 'V', 'P', '8', 'X',
          10,  0,   0,   0,   2,  0, 0,   0,   7,   0,   0,   7,   0,   0,   'A', 'N',
          'I', 'M', 6,   0,   0,  0, 0,   0,   0,   0,   0,   0,   'A', 'N', 'M', 'F',
          16,  0,   0,   0,   0,  0, 0,   0,   0,   0,   7,   0,   0,   7,   0,   0,
          9,   0,   0,   0};
}

}  // namespace

TEST_CASE("a_lossless_webp_keeps_its_pixels") {
  const auto bytes = lossless(), rgba = gradient();
  const Image image = decode_image(bytes, "a.webp");
  REQUIRE(image.width == width);
  REQUIRE(image.height == height);
  REQUIRE(image.rgb.size() == size_t{3} * width * height);
  for (size_t pixel = 0; pixel < rgba.size() / 4; ++pixel) {
    if (rgba[pixel * 4 + 3] == 0) continue;
    for (size_t c = 0; c < 3; ++c) REQUIRE(image.rgb[pixel * 3 + c] == rgba[pixel * 4 + c]);
  }
}

TEST_CASE("a_transparent_webp_is_laid_on_white_when_asked") {
  const Image image = decode_image(lossless(), "a.webp", {Alpha::white});
  const auto rgba = gradient();
  for (size_t pixel = 0; pixel < rgba.size() / 4; ++pixel) {
    const double alpha = rgba[pixel * 4 + 3] / 255.0;
    for (size_t c = 0; c < 3; ++c) {
      const double expected = rgba[pixel * 4 + c] * alpha + 255 * (1 - alpha);
      REQUIRE(std::abs(image.rgb[pixel * 3 + c] - expected) <= 0.51);
    }
  }
}

TEST_CASE("a_lossy_webp_has_nearly_the_same_colours") {
  std::vector<uint8_t> rgb;
  for (int i = 0; i < 32 * 24; ++i) rgb.insert(rgb.end(), {200, 100, 50});
  const Image image = decode_image(lossy(32, 24, rgb), "a.webp");
  REQUIRE(image.rgb.size() == rgb.size());
  for (size_t i = 0; i < rgb.size(); ++i) REQUIRE(std::abs(image.rgb[i] - rgb[i]) <= 3);
}

TEST_CASE("every_truncation_of_a_webp_is_an_error") {
  std::vector<uint8_t> rgb;
  for (int i = 0; i < 40 * 40 * 3; ++i) rgb.push_back(static_cast<uint8_t>(i * i % 251));
  for (const auto& bytes : {lossless(), lossy(40, 40, rgb)}) {
    for (size_t size = 0; size + 1 < bytes.size(); ++size) {
      CHECK_THROWS_AS(decode_image(std::span(bytes).first(size), "a.webp"), DataError);
    }
  }
  const auto bytes = lossless();
  CHECK_THROWS_WITH_AS(decode_image(std::span(bytes).first(60), "a.webp"),
                       "a.webp: damaged WebP: the file ends early.", DataError);
}

TEST_CASE("a_webp_of_too_many_pixels_is_refused_by_its_header") {
  const auto bytes = lossless();
  CHECK_THROWS_WITH_AS(decode_image(std::span(bytes).first(40), "a.webp", {Alpha::drop, 100}),
                       "a.webp: the picture is 13 x 9, but at most 100 pixels are allowed; "
                       "shrink it, or raise max_pixels.",
                       DataError);
}

TEST_CASE("an_animated_webp_is_refused") {
  CHECK_THROWS_WITH_AS(decode_image(animation(), "a.webp"),
                       "a.webp: an animated WebP; expected one picture: save its first frame.",
                       DataError);
}
