// Transparent pixels on a white ground.
#pragma once

#include <cstdint>
#include <vector>

namespace tandem {

// rgba: [pixels, 4]; returns [pixels, 3], rounded to nearest.
inline std::vector<uint8_t> lay_on_white(const std::vector<uint8_t>& rgba) {
  std::vector<uint8_t> rgb(rgba.size() / 4 * 3);
  for (size_t pixel = 0; pixel < rgba.size() / 4; ++pixel) {
    const int alpha = rgba[pixel * 4 + 3];
    for (size_t c = 0; c < 3; ++c) {
      const int sum = rgba[pixel * 4 + c] * alpha + 255 * (255 - alpha);
      rgb[pixel * 3 + c] = static_cast<uint8_t>((sum + 127) / 255);
    }
  }
  return rgb;
}

}  // namespace tandem
