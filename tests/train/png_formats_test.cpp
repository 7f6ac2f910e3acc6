#include "train/data/image.h"

#include "core/error.h"

#include <doctest/doctest.h>
#include <png.h>
#include <sys/resource.h>
#include <zlib.h>

#include <algorithm>

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

// A chunk of a PNG file.
Bytes chunk(const std::string& type, const Bytes& data) {
  Bytes bytes(data.size() + 12);
  png_save_uint_32(bytes.data(), static_cast<uint32_t>(data.size()));
  std::copy(type.begin(), type.end(), bytes.begin() + 4);
  std::copy(data.begin(), data.end(), bytes.begin() + 8);
  const auto crc = static_cast<uint32_t>(crc32_z(0, bytes.data() + 4, data.size() + 4));
  png_save_uint_32(bytes.data() + 8 + data.size(), crc);
  return bytes;
}

constexpr size_t header_end = 33;  // signature and IHDR

// The file with more chunks after its header.
Bytes with_chunks(Bytes file, const Bytes& chunks) {
  file.insert(file.begin() + header_end, chunks.begin(), chunks.end());
  return file;
}

// The error of a picture whose header claims a width and a height.
std::string error_of_size(uint32_t width, uint32_t height) {
  Bytes data{0, 0, 0, 0, 0, 0, 0, 0, 8, PNG_COLOR_TYPE_RGB, 0, 0, 0};
  png_save_uint_32(data.data(), width);
  png_save_uint_32(data.data() + 4, height);
  Bytes file = encode({PNG_COLOR_TYPE_RGB}, 1, {{1, 2, 3}});
  const Bytes header = chunk("IHDR", data);
  std::copy(header.begin(), header.end(), file.begin() + 8);
  try {
    decoded(file);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("of_an_animated_picture_the_still_one_is_read") {
  const Bytes still = encode({PNG_COLOR_TYPE_RGB}, 1, {{1, 2, 3}});
  Bytes chunks = chunk("acTL", {0, 0, 0, 2, 0, 0, 0, 0});
  Bytes frame(26);
  frame[7] = frame[11] = 1;  // 1 x 1
  const Bytes control = chunk("fcTL", frame);
  chunks.insert(chunks.end(), control.begin(), control.end());
  const Bytes pixels = chunk("fdAT", {0, 0, 0, 1, 9, 9, 9});
  chunks.insert(chunks.end(), pixels.begin(), pixels.end());
  CHECK(decoded(with_chunks(still, chunks)) == Bytes{1, 2, 3});
}

TEST_CASE("a_picture_without_pixels_or_with_too_many_is_refused_by_its_header") {
  CHECK(error_of_size(1, 1) == "");
  CHECK(error_of_size(0, 1).find("damaged PNG") != std::string::npos);
  CHECK(error_of_size(1, 0).find("damaged PNG") != std::string::npos);
  const uint32_t most = 0x7fffffff;
  CHECK(error_of_size(most, most).find("at most 1000 pixels") != std::string::npos);
  CHECK(error_of_size(most, 1).find("at most 1000 pixels") != std::string::npos);
}

TEST_CASE("packed_texts_beside_a_picture_are_not_unpacked") {
  Bytes text{'a', 0, 0};  // keyword, its end, method
  const Bytes letters(7'000'000, 'x');
  uLongf size = compressBound(letters.size());
  text.resize(3 + size);
  REQUIRE(compress(text.data() + 3, &size, letters.data(), letters.size()) == Z_OK);
  text.resize(3 + size);
  const Bytes packed = chunk("zTXt", text);
  Bytes chunks;
  for (int i = 0; i < 100; ++i) chunks.insert(chunks.end(), packed.begin(), packed.end());
  const Bytes file = with_chunks(encode({PNG_COLOR_TYPE_RGB}, 1, {{1, 2, 3}}), chunks);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  CHECK(decoded(file) == Bytes{1, 2, 3});
  getrusage(RUSAGE_SELF, &after);
  CHECK(after.ru_maxrss - before.ru_maxrss <= 100'000);  // KiB; unpacked they are 700'000
}

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
