#include "train/data/image.h"

#include <doctest/doctest.h>
#include <png.h>

using namespace tandem;

namespace {

struct PngFormat {
  int color_type = PNG_COLOR_TYPE_RGB;
  int depth = 8;
  int interlace = PNG_INTERLACE_NONE;
  std::vector<png_color> palette;
  std::vector<uint8_t> palette_alpha;
};

// A PNG of rows with the bytes that the format asks for.
std::vector<uint8_t> encode(const PngFormat& format, uint32_t width,
                            std::vector<std::vector<uint8_t>> rows) {
  std::vector<uint8_t> bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const auto append = [](png_structp writer, png_bytep from, size_t count) {
    auto& to = *static_cast<std::vector<uint8_t>*>(png_get_io_ptr(writer));
    to.insert(to.end(), from, from + count);
  };
  png_set_write_fn(png, &bytes, append, nullptr);
  png_set_IHDR(png, info, width, static_cast<uint32_t>(rows.size()), format.depth,
               format.color_type, format.interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!format.palette.empty()) {
    png_set_PLTE(png, info, format.palette.data(), static_cast<int>(format.palette.size()));
  }
  if (!format.palette_alpha.empty()) {
    png_set_tRNS(png, info, format.palette_alpha.data(),
                 static_cast<int>(format.palette_alpha.size()), nullptr);
  }
  png_write_info(png, info);
  std::vector<uint8_t*> pointers;
  for (auto& row : rows) pointers.push_back(row.data());
  png_write_image(png, pointers.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

using Bytes = std::vector<uint8_t>;

Bytes decoded(const Bytes& bytes, Alpha alpha = Alpha::drop) {
  return decode_image(bytes, "memory", {alpha, 1000}).rgb;
}

}  // namespace

TEST_CASE("transparency_is_dropped_or_laid_on_white") {
  const auto bytes =
      encode({PNG_COLOR_TYPE_RGBA}, 3, {{10, 20, 30, 0, 100, 0, 200, 128, 1, 2, 3, 255}});
  CHECK(decoded(bytes) == Bytes{10, 20, 30, 100, 0, 200, 1, 2, 3});
  // 100 * 128 / 255 + 127 = 177.2, 127, 227.4
  CHECK(decoded(bytes, Alpha::white) == Bytes{255, 255, 255, 177, 127, 227, 1, 2, 3});
}

TEST_CASE("palettes_of_few_bits_and_their_transparency_are_looked_up") {
  const PngFormat format{.color_type = PNG_COLOR_TYPE_PALETTE,
                         .depth = 2,
                         .palette = {{9, 8, 7}, {50, 60, 70}, {1, 2, 3}},
                         .palette_alpha = {0}};
  const auto bytes = encode(format, 3, {{0b00'01'10'00}});
  CHECK(decoded(bytes) == Bytes{9, 8, 7, 50, 60, 70, 1, 2, 3});
  CHECK(decoded(bytes, Alpha::white) == Bytes{255, 255, 255, 50, 60, 70, 1, 2, 3});
}

TEST_CASE("grey_of_one_bit_and_grey_with_alpha_become_rgb") {
  CHECK(decoded(encode({PNG_COLOR_TYPE_GRAY, 1}, 2, {{0b0100'0000}})) ==
        Bytes{0, 0, 0, 255, 255, 255});
  CHECK(decoded(encode({PNG_COLOR_TYPE_GRAY_ALPHA}, 1, {{77, 0}})) == Bytes{77, 77, 77});
}

TEST_CASE("of_sixteen_bits_the_high_byte_is_kept") {
  CHECK(decoded(encode({PNG_COLOR_TYPE_RGB, 16}, 1, {{1, 255, 2, 0, 200, 127}})) ==
        Bytes{1, 2, 200});
}

TEST_CASE("interlaced_pictures_are_put_together") {
  std::vector<Bytes> rows(9, Bytes(33));
  Bytes expected;
  for (size_t y = 0; y < 9; ++y) {
    for (size_t i = 0; i < 33; ++i) rows[y][i] = static_cast<uint8_t>(y * 28 + i);
    expected.insert(expected.end(), rows[y].begin(), rows[y].end());
  }
  CHECK(decoded(encode({PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_ADAM7}, 11, rows)) == expected);
}
