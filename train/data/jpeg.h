// JPEG decoding, by libjpeg.
#pragma once

#include "train/data/image.h"

#include <span>
#include <string>

namespace tandem {

// See decode_image; `bytes` start with JPEG's marker. A file that ends early is an error.
Image decode_jpeg(std::span<const uint8_t> bytes, const std::string& name,
                  const DecodeOptions& options);

}  // namespace tandem
