// JPEG decoding, by libjpeg.
#pragma once

#include "train/data/image.h"

#include <span>
#include <string>

namespace tandem {

// See decode_image; `bytes` start with JPEG's marker. A file that ends early is an error, and so is
// a progressive one of more than 500 scans, or of more than 3e9 / pixels and than 30.
Image decode_jpeg(std::span<const uint8_t> bytes, const std::string& name,
                  const DecodeOptions& options);

}  // namespace tandem
