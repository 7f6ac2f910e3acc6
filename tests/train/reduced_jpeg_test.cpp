// JPEGs that are decoded at a part of their size.
#include "tests/train/written_jpeg.h"
#include "train/data/augment.h"
#include "train/data/jpeg.h"
#include "train/data/resize.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace tandem;

namespace {

// Waves of all directions and lengths down to four pixels, and edges: more detail than photos have.
Image detailed(int64_t width, int64_t height) {
  Image image{width, height, {}};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double u = static_cast<double>(x), v = static_cast<double>(y);
        double value = 128 + 50 * std::sin(u * u / 300 + c) + 40 * std::cos(u * v / 400 - c);
        if ((x / 37 + y / 29) % 2 == 0) value += 35;
        image.rgb.push_back(static_cast<uint8_t>(std::clamp(value, 0.0, 255.0)));
      }
    }
  }
  return image;
}

std::vector<uint8_t> jpeg_of(const Image& image) {
  const std::string bytes =
      test::jpeg_bytes(image.rgb, static_cast<int>(image.width), static_cast<int>(image.height), 3,
                       JCS_RGB, {.quality = 90});
  return {bytes.begin(), bytes.end()};
}

struct Difference {
  double mean = 0, most = 0;
};

Difference between(const Image& a, const Image& b) {
  Difference difference;
  for (size_t i = 0; i < a.rgb.size(); ++i) {
    const double levels = std::abs(int{a.rgb[i]} - int{b.rgb[i]});
    difference.mean += levels / static_cast<double>(a.rgb.size());
    difference.most = std::max(difference.most, levels);
  }
  return difference;
}

}  // namespace

TEST_CASE("a_jpeg_is_decoded_at_the_least_size_that_leaves_enough_pixels") {
  const std::vector<uint8_t> bytes = jpeg_of(detailed(800, 640));
  const auto decoded = [&](int64_t shortest_edge) {
    return decode_jpeg(bytes, "a", {.shortest_edge = shortest_edge});
  };
  CHECK(decoded(0).width == 800);
  CHECK(decoded(321).height == 640);
  CHECK(decoded(320).height == 320);
  CHECK(decoded(320).width == 400);
  CHECK(decoded(160).height == 160);
  CHECK(decoded(1).width == 100);
  CHECK(decoded(1).rgb.size() == 100 * 80 * 3);
}

// At 1/8 the last column of 803 pixels is of 3, so that all columns are further left than they
// seem.
TEST_CASE("a_jpeg_is_not_reduced_where_that_would_shift_it") {
  const std::vector<uint8_t> bytes = jpeg_of(detailed(803, 640));
  const auto width = [&](int64_t shortest_edge) {
    return decode_jpeg(bytes, "a", {.shortest_edge = shortest_edge}).width;
  };
  CHECK(width(20) == 101);
  CHECK(width(21) == 201);
  CHECK(width(100) == 201);
  CHECK(width(101) == 803);
}

TEST_CASE("what_a_model_sees_of_a_reduced_jpeg_differs_by_a_few_levels") {
  const std::vector<uint8_t> bytes = jpeg_of(detailed(800, 640));
  for (const int64_t size : {32, 64, 150}) {
    DataConfig config;
    config.reduced_jpeg = false;
    const Image full = decode_jpeg(bytes, "a", decode_for_training(config, size));
    config.reduced_jpeg = true;
    const Image reduced = decode_jpeg(bytes, "a", decode_for_training(config, size));
    CHECK(full.width == 800);
    CHECK(reduced.width < 800);
    const Difference difference =
        between(resize_and_crop(full, size), resize_and_crop(reduced, size));
    INFO(size, ": mean ", difference.mean, ", most ", difference.most);
    CHECK(difference.mean <= 3);
    CHECK(difference.most <= 16);
  }
}

TEST_CASE("random_crops_leave_enough_of_a_reduced_jpeg") {
  DataConfig config;
  CHECK(decode_for_training(config, 100).shortest_edge == 200);
  config.augment.scale = {0.48, 1};
  config.augment.ratio = {0.75, 4.0 / 3};
  CHECK(std::abs(decode_for_training(config, 100).shortest_edge - 334) <= 1);
  config.reduced_jpeg = false;
  CHECK(decode_for_training(config, 100).shortest_edge == 0);
}
