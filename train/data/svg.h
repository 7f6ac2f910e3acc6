// SVG pictures to pixels, by librsvg.
#pragma once

#include "train/data/image.h"

#include <string>

namespace tandem {

// Draws an SVG document on white, so large that its shorter side has `size` pixels. Links to other
// files are not followed. May be called from several threads. Throws DataError, naming the picture
// by `name`, if it is not an SVG, has no size, or can't be drawn.
Image render_svg(const std::string& svg, int64_t size, const std::string& name);

}  // namespace tandem
