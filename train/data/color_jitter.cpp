#include "train/data/color_jitter.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tandem {
namespace {

struct Planes {
  explicit Planes(std::span<float> all)
      : pixels(all.size() / 3),
        red(all.data()),
        green(all.data() + pixels),
        blue(all.data() + 2 * pixels) {}

  // ITU-R 601-2 luma, with the constants that torchvision has.
  float grey(size_t i) const { return 0.2989f * red[i] + 0.587f * green[i] + 0.114f * blue[i]; }

  size_t pixels;
  float *red, *green, *blue;
};

float clamp_unit(float x) { return std::min(std::max(x, 0.0f), 1.0f); }

// One pixel's hue turned on the HSV hexagon, its largest and smallest channel kept.
void turn_hue(float& red, float& green, float& blue, float turns) {
  const float high = std::max({red, green, blue});
  const float low = std::min({red, green, blue});
  const float chroma = high - low;
  if (!(chroma > 0.0f)) return;  // a grey has no hue
  float hue;                     // in sixths of the circle
  if (high == red) {
    hue = (green - blue) / chroma;
  } else if (high == green) {
    hue = 2.0f + (blue - red) / chroma;
  } else {
    hue = 4.0f + (red - green) / chroma;
  }
  hue += 6.0f * turns;
  // Channel n of 5, 3, 1: high - chroma * clamp(min(k, 4 - k), 0, 1), k = (n + hue) mod 6.
  const auto channel = [&](float n) {
    float k = n + hue;
    k -= 6.0f * std::floor(k * (1.0f / 6.0f));
    return high - chroma * clamp_unit(std::min(k, 4.0f - k));
  };
  red = channel(5.0f);
  green = channel(3.0f);
  blue = channel(1.0f);
}

}  // namespace

bool changes_color(const AugmentConfig& config) {
  return config.brightness > 0 || config.contrast > 0 || config.saturation > 0 || config.hue > 0 ||
         config.grayscale > 0;
}

void adjust_brightness(std::span<float> planes, float factor) {
  for (float& value : planes) value = clamp_unit(value * factor);
}

void adjust_contrast(std::span<float> planes, float factor) {
  const Planes image(planes);
  double sum = 0.0;
  for (size_t i = 0; i < image.pixels; ++i) sum += image.grey(i);
  const float rest = (1.0f - factor) * static_cast<float>(sum / static_cast<double>(image.pixels));
  for (float& value : planes) value = clamp_unit(factor * value + rest);
}

void adjust_saturation(std::span<float> planes, float factor) {
  const Planes image(planes);
  for (size_t i = 0; i < image.pixels; ++i) {
    const float rest = (1.0f - factor) * image.grey(i);
    image.red[i] = clamp_unit(factor * image.red[i] + rest);
    image.green[i] = clamp_unit(factor * image.green[i] + rest);
    image.blue[i] = clamp_unit(factor * image.blue[i] + rest);
  }
}

void adjust_hue(std::span<float> planes, float turns) {
  const Planes image(planes);
  for (size_t i = 0; i < image.pixels; ++i) {
    turn_hue(image.red[i], image.green[i], image.blue[i], turns);
  }
}

void jitter_color(const AugmentConfig& config, Random& random, std::span<float> planes) {
  std::array<int, 4> order{0, 1, 2, 3};
  for (uint32_t i = 3; i > 0; --i) std::swap(order[i], order[random.below(i + 1)]);
  const auto factor = [&](double range) {
    const auto reach = static_cast<float>(range);
    return random.uniform(std::max(0.0f, 1.0f - reach), 1.0f + reach);
  };
  for (const int step : order) {
    if (step == 0 && config.brightness > 0) adjust_brightness(planes, factor(config.brightness));
    if (step == 1 && config.contrast > 0) adjust_contrast(planes, factor(config.contrast));
    if (step == 2 && config.saturation > 0) adjust_saturation(planes, factor(config.saturation));
    if (step == 3 && config.hue > 0) {
      const auto reach = static_cast<float>(config.hue);
      adjust_hue(planes, random.uniform(-reach, reach));
    }
  }
  if (config.grayscale > 0 && random.uniform() < static_cast<float>(config.grayscale)) {
    adjust_saturation(planes, 0.0f);
  }
}

}  // namespace tandem
