#include "train/data/jpeg.h"

#include "core/error.h"

#include <cstddef>
#include <cstdio>

// After <cstdio>, which it needs.
#include <jpeglib.h>
// After <jpeglib.h>.
#include <jerror.h>

#include <algorithm>
#include <csetjmp>

namespace tandem {
namespace {

// A progressive file of few bytes can ask for any number of passes over the picture, each of up to
// a nanosecond a pixel. libjpeg writes 10, or 18 of CMYK.
constexpr int64_t max_scanned_pixels = 3'000'000'000;
constexpr int64_t min_allowed_scans = 30, max_allowed_scans = 500;

// Errors leave libjpeg by longjmp, which must not skip a destructor. So every function here that
// calls setjmp, and every callback, holds plain values only; what owns memory lives in a caller.
class JpegReader {
 public:
  explicit JpegReader(std::span<const uint8_t> bytes) : bytes_(bytes) {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    progress_.progress_monitor = on_progress;
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // Reads up to the pixels and chooses their format; false on failure.
  bool read_header() {
    if (setjmp(jump_)) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.progress = &progress_;
    jpeg_mem_src(&jpeg_, bytes_.data(), static_cast<unsigned long>(bytes_.size()));
    jpeg_read_header(&jpeg_, TRUE);
    const auto space = jpeg_.jpeg_color_space;
    jpeg_.out_color_space = space == JCS_CMYK || space == JCS_YCCK ? JCS_CMYK : JCS_RGB;
    return true;
  }

  // Chooses the size at which libjpeg makes the picture: it leaves out the fine part of each
  // block's cosine transform. False on failure.
  bool reduce(int64_t shortest_edge) {
    if (setjmp(jump_)) return false;
    unsigned int part = shortest_edge > 0 ? 8 : 1;
    while (part > 1 && !(divides_well(full_width(), part, shortest_edge) &&
                         divides_well(full_height(), part, shortest_edge))) {
      part /= 2;
    }
    jpeg_.scale_num = 1;
    jpeg_.scale_denom = part;
    jpeg_calc_output_dimensions(&jpeg_);
    return true;
  }

  // Fills pixels [height, width, 3]; `row` has room for four bytes a pixel. False on failure.
  bool read_pixels(uint8_t* pixels, uint8_t* row) {
    if (setjmp(jump_)) return false;
    jpeg_start_decompress(&jpeg_);
    const size_t width = jpeg_.output_width;
    while (jpeg_.output_scanline < jpeg_.output_height) {
      uint8_t* target = pixels + size_t{jpeg_.output_scanline} * width * 3;
      uint8_t* line = jpeg_.out_color_space == JCS_CMYK ? row : target;
      jpeg_read_scanlines(&jpeg_, &line, 1);
      if (line == row) rgb_from_inverted_cmyk(row, target, width);
    }
    return true;
  }

  int64_t full_width() const { return jpeg_.image_width; }
  int64_t full_height() const { return jpeg_.image_height; }
  int64_t width() const { return jpeg_.output_width; }
  int64_t height() const { return jpeg_.output_height; }
  const char* message() const { return message_; }

 private:
  // Whether an edge at 1/part of its size has `least` pixels, and what the last of them has too
  // much, if it stands for fewer than `part`, shifts none of `least` pixels by more than an eighth.
  static bool divides_well(int64_t edge, int64_t part, int64_t least) {
    const int64_t pixels = (edge + part - 1) / part;
    return edge / part >= least && (pixels * part - edge) * least <= edge / 8;
  }

  // Each of r, g, b is white less the ink's share of what black leaves (PIL's rule).
  static void rgb_from_inverted_cmyk(const uint8_t* cmyk, uint8_t* rgb, size_t width) {
    for (size_t x = 0; x < width; ++x) {
      const int left = cmyk[x * 4 + 3];
      for (size_t c = 0; c < 3; ++c) {
        const int ink = (255 - cmyk[x * 4 + c]) * left + 128;
        rgb[x * 3 + c] = static_cast<uint8_t>(left - ((ink + (ink >> 8)) >> 8));
      }
    }
  }

  int allowed_scans() const {
    const int64_t pixels = std::max<int64_t>(full_width() * full_height(), 1);
    return static_cast<int>(
        std::clamp(max_scanned_pixels / pixels, min_allowed_scans, max_allowed_scans));
  }

  static JpegReader& reader(j_common_ptr jpeg) {
    return *static_cast<JpegReader*>(jpeg->client_data);
  }

  static void on_error(j_common_ptr jpeg) {
    jpeg->err->format_message(jpeg, reader(jpeg).message_);
    std::longjmp(reader(jpeg).jump_, 1);
  }

  // Of the warnings only one matters: libjpeg would paint the missing rest of a file grey.
  static void on_message(j_common_ptr jpeg, int level) {
    if (level >= 0 || jpeg->err->msg_code != JWRN_JPEG_EOF) return;
    std::snprintf(reader(jpeg).message_, JMSG_LENGTH_MAX, "the file ends early");
    std::longjmp(reader(jpeg).jump_, 1);
  }

  static void on_progress(j_common_ptr jpeg) {
    const int most = reader(jpeg).allowed_scans();
    if (reader(jpeg).jpeg_.input_scan_number <= most) return;
    std::snprintf(reader(jpeg).message_, JMSG_LENGTH_MAX, "more than %d scans", most);
    std::longjmp(reader(jpeg).jump_, 1);
  }

  std::span<const uint8_t> bytes_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_{};
  char message_[JMSG_LENGTH_MAX] = "";
};

}  // namespace

Image decode_jpeg(std::span<const uint8_t> bytes, const std::string& name,
                  const DecodeOptions& options) {
  JpegReader reader(bytes);
  if (!reader.read_header()) fail<DataError>("{}: damaged JPEG: {}.", name, reader.message());
  check_size(reader.full_width(), reader.full_height(), name, options);
  if (!reader.reduce(options.shortest_edge)) {
    fail<DataError>("{}: damaged JPEG: {}.", name, reader.message());
  }
  Image image{reader.width(), reader.height(),
              std::vector<uint8_t>(reader.width() * reader.height() * 3)};
  std::vector<uint8_t> row(reader.width() * 4);
  if (!reader.read_pixels(image.rgb.data(), row.data())) {
    fail<DataError>("{}: damaged JPEG: {}.", name, reader.message());
  }
  return image;
}

}  // namespace tandem
