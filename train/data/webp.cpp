#include "train/data/webp.h"

#include "core/error.h"
#include "train/data/lay_on_white.h"

#include <webp/decode.h>

namespace tandem {
namespace {

const char* reason_of(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "the file ends early";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "out of memory";
    default:
      return "its data make no picture";
  }
}

}  // namespace

Image decode_webp(std::span<const uint8_t> bytes, const std::string& name,
                  const DecodeOptions& options) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) fail<DataError>("{}: libwebp is another version.", name);
  const auto check = [&](VP8StatusCode status) {
    if (status != VP8_STATUS_OK) fail<DataError>("{}: damaged WebP: {}.", name, reason_of(status));
  };
  check(WebPGetFeatures(bytes.data(), bytes.size(), &config.input));
  check_size(config.input.width, config.input.height, name, options);
  if (config.input.has_animation) {
    fail<DataError>("{}: an animated WebP; expected one picture: save its first frame.", name);
  }
  const bool white = config.input.has_alpha && options.alpha == Alpha::white;
  const int64_t channels = white ? 4 : 3;
  Image image{config.input.width, config.input.height, {}};
  image.rgb.resize(image.width * image.height * channels);
  config.output.colorspace = white ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {image.rgb.data(), static_cast<int>(image.width * channels),
                          image.rgb.size()};
  check(WebPDecode(bytes.data(), bytes.size(), &config));
  if (white) image.rgb = lay_on_white(image.rgb);
  return image;
}

}  // namespace tandem
