#include "train/data/png.h"

#include "core/error.h"
#include "train/data/lay_on_white.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>

namespace tandem {
namespace {

// Errors leave libpng by longjmp, which must not skip a destructor. So every function here that
// calls setjmp, and every callback, holds plain values only; what owns memory lives in a caller.
struct PngFailure {
  char message[200] = "unknown error";
};

void on_error(png_structp png, png_const_charp message) {
  auto& failure = *static_cast<PngFailure*>(png_get_error_ptr(png));
  std::strncpy(failure.message, message, sizeof failure.message - 1);
  std::longjmp(png_jmpbuf(png), 1);
}

void on_warning(png_structp, png_const_charp) {}

class PngReader {
 public:
  explicit PngReader(std::span<const uint8_t> bytes) : left_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &failure_, on_error, on_warning);
    if (png_) info_ = png_create_info_struct(png_);
    if (!info_) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  // Reads up to the pixels; false on failure.
  bool read_header() {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_read_fn(png_, this, take);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // check_size decides
    // No texts and palettes beside the picture: a few bytes of them unpack to any number of MB.
    png_set_chunk_cache_max(png_, 1);
    png_read_info(png_, info_);
    return true;
  }

  // Asks for 8-bit RGB, or RGBA where transparency is wanted and there; false on failure.
  bool set_format(bool alpha) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_expand(png_);
    png_set_strip_16(png_);
    png_set_gray_to_rgb(png_);
    if (!alpha) png_set_strip_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  // Fills the rows, each of width() * channels() bytes; false on failure.
  bool read_rows(uint8_t** rows) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

  int64_t width() const { return png_get_image_width(png_, info_); }
  int64_t height() const { return png_get_image_height(png_, info_); }
  int64_t channels() const { return png_get_channels(png_, info_); }
  const char* message() const { return failure_.message; }

 private:
  static void take(png_structp png, png_bytep target, size_t count) {
    auto& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > reader.left_.size()) png_error(png, "the file ends early");
    std::memcpy(target, reader.left_.data(), count);
    reader.left_ = reader.left_.subspan(count);
  }

  std::span<const uint8_t> left_;
  PngFailure failure_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

void append_bytes(png_structp png, png_bytep bytes, size_t count) {
  auto& out = *static_cast<std::string*>(png_get_io_ptr(png));
  bool failed = false;  // no exception may pass through libpng, no jump may leave a handler
  try {
    out.append(reinterpret_cast<const char*>(bytes), count);
  } catch (const std::bad_alloc&) {
    failed = true;
  }
  if (failed) png_error(png, "out of memory");
}

bool write_rows(png_structp png, png_infop info, uint32_t width, uint32_t height,
                const uint8_t* rgb, std::string* out) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_write_fn(png, out, append_bytes, nullptr);
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; ++y) png_write_row(png, rgb + size_t{y} * width * 3);
  png_write_end(png, nullptr);
  return true;
}

}  // namespace

Image decode_png(std::span<const uint8_t> bytes, const std::string& name,
                 const DecodeOptions& options) {
  PngReader reader(bytes);
  const auto check = [&](bool done) {
    if (!done) fail<DataError>("{}: damaged PNG: {}.", name, reader.message());
  };
  check(reader.read_header());
  check_size(reader.width(), reader.height(), name, options);
  check(reader.set_format(options.alpha == Alpha::white));
  const size_t row_bytes = reader.width() * reader.channels();
  Image image{reader.width(), reader.height(), std::vector<uint8_t>(row_bytes * reader.height())};
  std::vector<uint8_t*> rows(image.height);
  for (int64_t y = 0; y < image.height; ++y) rows[y] = image.rgb.data() + y * row_bytes;
  check(reader.read_rows(rows.data()));
  if (reader.channels() == 4) image.rgb = lay_on_white(image.rgb);
  return image;
}

std::string png_bytes(const Image& image) {
  if (image.width < 1 || image.height < 1 || image.width > 1'000'000 || image.height > 1'000'000 ||
      static_cast<int64_t>(image.rgb.size()) != image.width * image.height * 3) {
    fail<DataError>(
        "png_bytes: a picture of {} x {} has {} bytes; expected 1 to 1000000 pixels a "
        "side and three bytes each.",
        image.width, image.height, image.rgb.size());
  }
  PngFailure failure;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &failure, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  std::string out;
  const bool done = info && write_rows(png, info, static_cast<uint32_t>(image.width),
                                       static_cast<uint32_t>(image.height), image.rgb.data(), &out);
  png_destroy_write_struct(&png, &info);
  if (!done) fail<DataError>("png_bytes: {}.", failure.message);
  return out;
}

}  // namespace tandem
