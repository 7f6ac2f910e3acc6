// Antialiased resizing with PIL's arithmetic, so that pixels are the same to the bit: weights of
// 22 fractional bits, columns before rows, rounding to 8 bits after each.
#pragma once

#include "train/data/image.h"

#include <cstdint>
#include <vector>

namespace tandem {

enum class Filter {
  bilinear,  // triangle of half-width 1
  bicubic,   // Keys 1981, "Cubic convolution interpolation", a = -0.5, of half-width 2
};

// A rectangle of pixels; x to the right, y down.
struct Box {
  int64_t x = 0, y = 0;
  int64_t width = 0, height = 0;
};

// Memory that one thread's calls of resize reuse.
struct ResizeScratch {
  struct Weights {
    std::vector<int64_t> first;   // [outputs] first input
    std::vector<int64_t> count;   // [outputs] inputs, at most `stride`
    std::vector<int32_t> values;  // [outputs, stride]
    int64_t stride = 0;
  };
  Weights columns, rows;
  std::vector<uint8_t> narrowed;  // after the columns' pass
  std::vector<int32_t> sums;      // one row
};

// Cuts `box` out of the picture, resizes it to width x height and keeps `window` of that, which is
// all that is computed. out becomes a picture of the window's size.
// Throws DataError where a box is empty or reaches outside, or a size is below one.
void resize(const Image& image, const Box& box, int64_t width, int64_t height, const Box& window,
            Filter filter, Image& out, ResizeScratch& scratch);

// The shortest edge resized to `size` and a size x size square cut from the centre, as
// torchvision's Resize and CenterCrop do on a PIL picture. Throws DataError for size < 1.
void resize_and_crop(const Image& image, int64_t size, Filter filter, Image& out,
                     ResizeScratch& scratch);
Image resize_and_crop(const Image& image, int64_t size, Filter filter = Filter::bicubic);

}  // namespace tandem
