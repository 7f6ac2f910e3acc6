// Pictures as the data path has them: 8-bit RGB, decoded from PNG, JPEG or WebP.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tandem {

struct Image {
  int64_t width = 0;
  int64_t height = 0;
  std::vector<uint8_t> rgb;  // [height, width, 3]
};

// What becomes of a picture's transparency.
enum class Alpha {
  drop,   // forgotten: the colour stored under it stays, as PIL's convert('RGB') has it
  white,  // the picture is laid on white
};

// The Alpha called "drop" or "white"; throws ConfigError for another name.
Alpha alpha_from_name(const std::string& name);

struct DecodeOptions {
  Alpha alpha = Alpha::drop;
  int64_t max_pixels = 100'000'000;  // width * height above this is refused before decoding
  int64_t shortest_edge = 0;  // a JPEG is decoded at the least of 1/8, 1/4 and 1/2 of its size that
                              // leaves so many pixels along each edge, none of them out of place;
                              // 0: at its full size
};

// Decodes a PNG, JPEG or WebP. PNG: every colour type, palettes, 1 to 16 bits (the high byte of 16
// is kept), interlaced; gamma and colour profiles are ignored. JPEG: grey, YCbCr, RGB, CMYK, YCCK
// (inverted, as Adobe writes them); an EXIF orientation is ignored, as PIL does. WebP: lossy and
// lossless; animations are refused.
// Throws DataError, naming the picture by `name`, for other formats, damage, and cut files.
Image decode_image(std::span<const uint8_t> bytes, const std::string& name,
                   const DecodeOptions& options = {});

// decode_image of a file. Throws DataError also where the file can't be read.
Image load_image(const std::string& path, const DecodeOptions& options = {});

// The bytes of a picture's file. Throws as load_image does.
std::vector<uint8_t> read_picture_file(const std::string& path, const DecodeOptions& options);

// Refuses a file that can't be opened or does not begin as a PNG, JPEG or WebP does; throws
// DataError. What follows is not read.
void check_picture_file(const std::string& path);

// Refuses more bytes than any picture within options.max_pixels has; throws DataError.
void check_file_size(int64_t bytes, const std::string& name, const DecodeOptions& options);

// Refuses a width or height below one and more than options.max_pixels; throws DataError.
void check_size(int64_t width, int64_t height, const std::string& name,
                const DecodeOptions& options);

}  // namespace tandem
