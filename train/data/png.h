// PNG in and out of memory, by libpng.
#pragma once

#include "train/data/image.h"

#include <span>
#include <string>

namespace tandem {

// The picture as the bytes of a PNG file (8-bit RGB). Throws DataError for an empty picture or
// one whose rgb is not [height, width, 3].
std::string png_bytes(const Image& image);

// See decode_image; `bytes` start with PNG's signature.
Image decode_png(std::span<const uint8_t> bytes, const std::string& name,
                 const DecodeOptions& options);

}  // namespace tandem
