#include "train/data/image.h"

#include "core/error.h"
#include "tests/train/written_jpeg.h"
#include "train/data/png.h"

#include <doctest/doctest.h>

using namespace tandem;
using test::jpeg_bytes;

namespace {

Image gradient(int64_t width, int64_t height) {
  Image image{width, height, {}};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (const int64_t value : {x * 5, y * 7, x + y}) {
        image.rgb.push_back(static_cast<uint8_t>(value % 256));
      }
    }
  }
  return image;
}

std::span<const uint8_t> span_of(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("a_png_survives_writing_and_reading") {
  const Image image = gradient(37, 21);
  const std::string bytes = png_bytes(image);
  const Image back = decode_image(span_of(bytes), "memory");
  CHECK(back.width == 37);
  CHECK(back.height == 21);
  CHECK(back.rgb == image.rgb);
}

TEST_CASE("every_truncation_of_a_png_is_an_error") {
  const std::string bytes = png_bytes(gradient(9, 9));
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK_THROWS_AS(decode_image(span_of(bytes).first(size), "a.png"), DataError);
  }
}

TEST_CASE("a_damaged_png_names_the_file_and_the_reason") {
  std::string bytes = png_bytes(gradient(9, 9));
  CHECK_THROWS_WITH_AS(decode_image(span_of(bytes).first(60), "a.png"),
                       "a.png: damaged PNG: the file ends early.", DataError);
  bytes[50] ^= 1;
  CHECK_THROWS_AS(decode_image(span_of(bytes), "a.png"), DataError);
}

TEST_CASE("a_picture_that_is_not_one_shows_its_first_bytes") {
  CHECK_THROWS_WITH_AS(decode_image(span_of("<html>"), "a.png"),
                       "a.png: not a PNG, JPEG or WebP picture: it starts with 3c 68 74 6d 6c 3e "
                       "('<html>'); expected 89 50 4e 47, ff d8 ff or RIFF.",
                       DataError);
}

TEST_CASE("too_many_pixels_are_refused_before_decoding") {
  const std::string bytes = png_bytes(gradient(100, 10));
  // The header alone is enough to say so.
  CHECK_THROWS_WITH_AS(decode_image(span_of(bytes).first(60), "a.png", {Alpha::drop, 999}),
                       "a.png: the picture is 100 x 10, but at most 999 pixels are allowed; "
                       "shrink it, or raise max_pixels.",
                       DataError);
  CHECK(decode_image(span_of(bytes), "a.png", {Alpha::drop, 1000}).width == 100);
}

TEST_CASE("jpegs_decode_to_nearly_the_same_colours") {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 32 * 24; ++i) pixels.insert(pixels.end(), {200, 100, 50});
  const Image image = decode_image(span_of(jpeg_bytes(pixels, 32, 24, 3, JCS_RGB)), "memory");
  REQUIRE(image.rgb.size() == pixels.size());
  for (size_t i = 0; i < pixels.size(); ++i) REQUIRE(std::abs(image.rgb[i] - pixels[i]) <= 2);
}

TEST_CASE("grey_and_cmyk_jpegs_become_rgb") {
  const Image grey = decode_image(
      span_of(jpeg_bytes(std::vector<uint8_t>(64, 90), 8, 8, 1, JCS_GRAYSCALE)), "memory");
  for (const uint8_t value : grey.rgb) REQUIRE(std::abs(value - 90) <= 1);
  std::vector<uint8_t> inverted;  // no cyan, half magenta, full yellow, no black
  for (int i = 0; i < 64; ++i) inverted.insert(inverted.end(), {255, 128, 0, 255});
  const Image ink = decode_image(span_of(jpeg_bytes(inverted, 8, 8, 4, JCS_CMYK)), "memory");
  CHECK(ink.rgb[0] >= 253);
  CHECK(std::abs(ink.rgb[1] - 128) <= 2);
  CHECK(ink.rgb[2] <= 2);
}

TEST_CASE("a_jpeg_cut_short_is_an_error") {
  const Image image = gradient(40, 40);
  const std::string bytes = jpeg_bytes(image.rgb, 40, 40, 3, JCS_RGB);
  for (size_t size = 3; size < bytes.size() - 2; size += 7) {
    CHECK_THROWS_AS(decode_image(span_of(bytes).first(size), "a.jpg"), DataError);
  }
  CHECK_THROWS_WITH_AS(decode_image(span_of(bytes).first(bytes.size() / 2), "a.jpg"),
                       "a.jpg: damaged JPEG: the file ends early.", DataError);
}

TEST_CASE("a_large_jpeg_of_more_scans_than_encoders_write_is_refused") {
  const std::vector<uint8_t> grey(16'000'000, 90);
  const std::string bytes = jpeg_bytes(grey, 4000, 4000, 1, JCS_GRAYSCALE, {.progressive = true});
  CHECK(decode_image(span_of(bytes), "a.jpg").width == 4000);
  const size_t last = bytes.rfind("\xff\xda"), end = bytes.rfind("\xff\xd9");
  std::string more = bytes.substr(0, end);
  for (int i = 0; i < 200; ++i) more += bytes.substr(last, end - last);
  CHECK_THROWS_WITH_AS(decode_image(span_of(more + "\xff\xd9"), "a.jpg"),
                       "a.jpg: damaged JPEG: more than 187 scans.", DataError);
}

TEST_CASE("a_cmyk_jpeg_cut_short_and_one_without_lines_are_errors") {
  const std::vector<uint8_t> pixels(40 * 40 * 4, 100);
  const std::string ink = jpeg_bytes(pixels, 40, 40, 4, JCS_CMYK);
  CHECK_THROWS_WITH_AS(decode_image(span_of(ink).first(ink.size() - 40), "a.jpg"),
                       "a.jpg: damaged JPEG: the file ends early.", DataError);
  std::string flat = jpeg_bytes(pixels, 40, 40, 3, JCS_RGB);
  const size_t frame = flat.find("\xff\xc0");
  REQUIRE(frame != std::string::npos);
  flat[frame + 5] = flat[frame + 6] = 0;  // the height
  CHECK_THROWS_WITH_AS(decode_image(span_of(flat), "a.jpg"), doctest::Contains("damaged JPEG"),
                       DataError);
}

TEST_CASE("a_jpeg_of_too_many_pixels_is_refused_before_decoding") {
  std::string bytes = jpeg_bytes(gradient(40, 40).rgb, 40, 40, 3, JCS_RGB);
  const size_t frame = bytes.find("\xff\xc0");
  REQUIRE(frame != std::string::npos);
  for (size_t i = 5; i < 9; ++i) bytes[frame + i] = '\xf0';  // 61680 x 61680
  CHECK_THROWS_WITH_AS(decode_image(span_of(bytes), "a.jpg"),
                       doctest::Contains("but at most 100000000 pixels are allowed"), DataError);
}

TEST_CASE("a_missing_picture_and_a_folder_are_named") {
  CHECK_THROWS_WITH_AS(load_image("/nonexistent/a.png"), "/nonexistent/a.png: no such file.",
                       DataError);
  CHECK_THROWS_WITH_AS(load_image("/"), "/: not a file.", DataError);
}
