#include "train/data/fit.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>

namespace tandem {
namespace {

// The longest edge to `size`, in the middle of a black square; an odd row more goes below, an odd
// column more to the right.
void pad_square(const Image& image, int64_t size, Filter filter, Image& out,
                ResizeScratch& scratch) {
  const double side = static_cast<double>(size);
  const double ratio =
      std::max(static_cast<double>(image.width) / side, static_cast<double>(image.height) / side);
  const auto scaled = [&](int64_t length) {  // to even at .5, as Python's round()
    const auto rounded = std::llrint(static_cast<double>(length) / ratio);
    return std::clamp<int64_t>(rounded, 1, size);
  };
  const int64_t width = scaled(image.width), height = scaled(image.height);
  Image inner;
  resize(image, {0, 0, image.width, image.height}, width, height, {0, 0, width, height}, filter,
         inner, scratch);
  out.width = out.height = size;
  out.rgb.assign(size * size * 3, 0);
  const int64_t left = (size - width) / 2, top = (size - height) / 2;
  for (int64_t y = 0; y < height; ++y) {
    std::copy_n(&inner.rgb[y * width * 3], width * 3, &out.rgb[((top + y) * size + left) * 3]);
  }
}

}  // namespace

Fit fit_from_names(const std::string& mode, const std::string& filter) {
  Fit fit;
  if (filter == "bilinear") {
    fit.filter = Filter::bilinear;
  } else if (filter != "bicubic") {
    fail<ConfigError>("interpolation is '{}'; expected bicubic or bilinear.", filter);
  }
  if (mode == "longest") {
    fit.mode = ResizeMode::longest;
  } else if (mode == "squash") {
    fit.mode = ResizeMode::squash;
  } else if (mode != "shortest") {
    fail<ConfigError>("resize_mode is '{}'; expected shortest, longest or squash.", mode);
  }
  return fit;
}

void resize_to_square(const Image& image, int64_t size, const Fit& fit, Image& out,
                      ResizeScratch& scratch) {
  if (size < 1 || image.width < 1 || image.height < 1) {
    fail<DataError>("resize_to_square: {} x {} to {}; expected sizes of at least 1.", image.width,
                    image.height, size);
  }
  switch (fit.mode) {
    case ResizeMode::shortest:
      return resize_and_crop(image, size, fit.filter, out, scratch);
    case ResizeMode::longest:
      return pad_square(image, size, fit.filter, out, scratch);
    case ResizeMode::squash:
      resize(image, {0, 0, image.width, image.height}, size, size, {0, 0, size, size}, fit.filter,
             out, scratch);
  }
}

Image resize_to_square(const Image& image, int64_t size, const Fit& fit) {
  Image out;
  ResizeScratch scratch;
  resize_to_square(image, size, fit, out, scratch);
  return out;
}

}  // namespace tandem
