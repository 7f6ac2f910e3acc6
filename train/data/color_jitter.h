// torchvision's ColorJitter and Grayscale on float pictures: red, green and blue planes of values
// in [0, 1].
#pragma once

#include "core/philox.h"
#include "train/config/run_config.h"

#include <span>

namespace tandem {

// Whether config asks for any change of colour.
bool changes_color(const AugmentConfig& config);

// Changes `planes`, [3, pixels], in place; values stay in [0, 1].
void jitter_color(const AugmentConfig& config, Random& random, std::span<float> planes);

// One step each, on planes [3, pixels]. A factor of 1, or a hue turn of 0, changes nothing.
void adjust_brightness(std::span<float> planes, float factor);
void adjust_contrast(std::span<float> planes, float factor);    // about the mean grey
void adjust_saturation(std::span<float> planes, float factor);  // about each pixel's grey
void adjust_hue(std::span<float> planes, float turns);          // of the colour circle

}  // namespace tandem
