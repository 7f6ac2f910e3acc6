// WebP pictures, by libwebp.
#pragma once

#include "train/data/image.h"

namespace tandem {

// As decode_image, for a WebP, lossy or lossless. An animation is refused: it is not one picture.
Image decode_webp(std::span<const uint8_t> bytes, const std::string& name,
                  const DecodeOptions& options);

}  // namespace tandem
