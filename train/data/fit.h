// How a picture becomes a square, with the names and arithmetic of open_clip's preprocessing.
#pragma once

#include "train/data/resize.h"

#include <string>

namespace tandem {

enum class ResizeMode {
  shortest,  // the shortest edge to the square's side, then the centre is cut: resize_and_crop
  longest,   // the longest edge to the square's side, then black is put around it
  squash,    // both edges to the square's side
};

struct Fit {
  ResizeMode mode = ResizeMode::shortest;
  Filter filter = Filter::bicubic;
};

// The Fit of names that configs allow; throws ConfigError for others.
Fit fit_from_names(const std::string& mode, const std::string& filter);

// A size x size square. `longest` is open_clip's ResizeKeepRatio and CenterCropOrPad. Throws
// DataError for size < 1.
void resize_to_square(const Image& image, int64_t size, const Fit& fit, Image& out,
                      ResizeScratch& scratch);
Image resize_to_square(const Image& image, int64_t size, const Fit& fit = {});

}  // namespace tandem
