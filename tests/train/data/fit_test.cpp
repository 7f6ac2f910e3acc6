#include "train/data/fit.h"

#include "core/error.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

Image constant(int64_t width, int64_t height, uint8_t value) {
  return {width, height, std::vector<uint8_t>(width * height * 3, value)};
}

}  // namespace

TEST_CASE("the_longest_edge_fits_into_a_black_square") {
  // 7 x 3 to 4: 4 x 2 (12/7 rounded), one black row above and below.
  const Image out = resize_to_square(constant(7, 3, 90), 4, {ResizeMode::longest});
  REQUIRE(out.rgb.size() == 4 * 4 * 3);
  for (size_t i = 0; i < out.rgb.size(); ++i) {
    const size_t row = i / 12;
    CHECK(out.rgb[i] == (row == 1 || row == 2 ? 90 : 0));
  }
}

TEST_CASE("squashing_takes_all_of_the_picture_and_no_black") {
  const Image out = resize_to_square(constant(7, 3, 90), 4, {ResizeMode::squash});
  CHECK(out.rgb == std::vector<uint8_t>(4 * 4 * 3, 90));
}

TEST_CASE("the_shortest_edge_fits_unless_asked_otherwise") {
  const Image image = constant(9, 5, 10);
  CHECK(resize_to_square(image, 3).rgb == resize_and_crop(image, 3).rgb);
  CHECK_THROWS_AS(resize_to_square(image, 0), DataError);
  CHECK_THROWS_AS(fit_from_names("crop", "bicubic"), ConfigError);
  CHECK_THROWS_AS(fit_from_names("squash", "nearest"), ConfigError);
}
