#include "train/data/augment.h"

#include "core/error.h"
#include "train/data/color_jitter.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tandem {
namespace {

using Color = std::array<uint8_t, 3>;

// torchvision's RandomResizedCrop.get_params: up to ten tries, then the largest centred box whose
// aspect ratio is allowed.
Box random_box(int64_t width, int64_t height, const AugmentConfig& config, Random& random) {
  const double area = static_cast<double>(width) * static_cast<double>(height);
  const double low = std::log(config.ratio[0]), high = std::log(config.ratio[1]);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double share = config.scale[0] + (config.scale[1] - config.scale[0]) * random.uniform();
    const double ratio = std::exp(low + (high - low) * random.uniform());
    const auto w = static_cast<int64_t>(std::nearbyint(std::sqrt(area * share * ratio)));
    const auto h = static_cast<int64_t>(std::nearbyint(std::sqrt(area * share / ratio)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const int64_t y = random.below(static_cast<uint32_t>(height - h + 1));
    const int64_t x = random.below(static_cast<uint32_t>(width - w + 1));
    return {x, y, w, h};
  }
  const double ratio = static_cast<double>(width) / static_cast<double>(height);
  int64_t w = width, h = height;
  if (ratio < config.ratio[0]) h = std::llround(static_cast<double>(w) / config.ratio[0]);
  if (ratio > config.ratio[1]) w = std::llround(static_cast<double>(h) * config.ratio[1]);
  w = std::clamp<int64_t>(w, 1, width);
  h = std::clamp<int64_t>(h, 1, height);
  return {(width - w) / 2, (height - h) / 2, w, h};
}

// The median of each channel over the outermost pixels.
Color border_color(const Image& image, std::array<std::vector<uint8_t>, 3>& border) {
  for (auto& values : border) values.clear();
  const auto add = [&](int64_t x, int64_t y) {
    const uint8_t* pixel = &image.rgb[(y * image.width + x) * 3];
    for (size_t c = 0; c < 3; ++c) border[c].push_back(pixel[c]);
  };
  for (int64_t x = 0; x < image.width; ++x) add(x, 0), add(x, image.height - 1);
  for (int64_t y = 0; y < image.height; ++y) add(0, y), add(image.width - 1, y);
  Color color;
  for (size_t c = 0; c < 3; ++c) {
    const auto middle = border[c].begin() + static_cast<int64_t>(border[c].size() / 2);
    std::nth_element(border[c].begin(), middle, border[c].end());
    color[c] = *middle;
  }
  return color;
}

void shift_pixels(const Image& from, int64_t right, int64_t down, const Color& fill, Image& to) {
  for (int64_t y = 0; y < from.height; ++y) {
    for (int64_t x = 0; x < from.width; ++x) {
      const int64_t u = x - right, v = y - down;
      const bool inside = u >= 0 && v >= 0 && u < from.width && v < from.height;
      const uint8_t* source = inside ? &from.rgb[(v * from.width + u) * 3] : fill.data();
      std::copy_n(source, 3, &to.rgb[(y * from.width + x) * 3]);
    }
  }
}

// Turned counter-clockwise about the centre, then shifted; bilinear in 8-bit fixed point.
void turn_pixels(const Image& from, double degrees, int64_t right, int64_t down, const Color& fill,
                 Image& to) {
  const double angle = degrees * std::numbers::pi / 180.0;
  const double cosine = std::cos(angle), sine = std::sin(angle);
  const double center_x = static_cast<double>(from.width - 1) / 2;
  const double center_y = static_cast<double>(from.height - 1) / 2;
  const auto pixel = [&](int64_t x, int64_t y) {
    const bool inside = x >= 0 && y >= 0 && x < from.width && y < from.height;
    return inside ? &from.rgb[(y * from.width + x) * 3] : fill.data();
  };
  uint8_t* target = to.rgb.data();
  for (int64_t y = 0; y < from.height; ++y) {
    for (int64_t x = 0; x < from.width; ++x, target += 3) {
      const double dx = static_cast<double>(x - right) - center_x;
      const double dy = static_cast<double>(y - down) - center_y;
      const auto u = static_cast<int64_t>(std::floor((cosine * dx - sine * dy + center_x) * 256));
      const auto v = static_cast<int64_t>(std::floor((sine * dx + cosine * dy + center_y) * 256));
      const int64_t left = u >> 8, top = v >> 8;
      const auto fx = static_cast<int>(u & 255), fy = static_cast<int>(v & 255);
      const uint8_t *a = pixel(left, top), *b = pixel(left + 1, top);
      const uint8_t *c = pixel(left, top + 1), *d = pixel(left + 1, top + 1);
      for (int i = 0; i < 3; ++i) {
        const int upper = a[i] * (256 - fx) + b[i] * fx;
        const int lower = c[i] * (256 - fx) + d[i] * fx;
        target[i] = static_cast<uint8_t>((upper * (256 - fy) + lower * fy + (1 << 15)) >> 16);
      }
    }
  }
}

void flip_pixels(Image& image) {
  for (int64_t y = 0; y < image.height; ++y) {
    uint8_t* row = &image.rgb[y * image.width * 3];
    for (int64_t x = 0; x < image.width / 2; ++x) {
      std::swap_ranges(row + x * 3, row + x * 3 + 3, row + (image.width - 1 - x) * 3);
    }
  }
}

// Shift, rotate and flip of scratch.square; `original` gives the background.
void move_pixels(const Image& original, const AugmentConfig& config, Alpha alpha, Random& random,
                 AugmentScratch& scratch) {
  if (config.shift > 0 || config.rotate > 0) {
    const auto reach = static_cast<float>(config.shift * static_cast<double>(scratch.square.width));
    const int64_t right = std::lround(random.uniform(-reach, reach));
    const int64_t down = std::lround(random.uniform(-reach, reach));
    const double degrees = config.rotate * (2.0 * random.uniform() - 1.0);
    const Color fill =
        alpha == Alpha::white ? Color{255, 255, 255} : border_color(original, scratch.border);
    scratch.moved = scratch.square;
    if (config.rotate > 0) {
      turn_pixels(scratch.square, degrees, right, down, fill, scratch.moved);
    } else {
      shift_pixels(scratch.square, right, down, fill, scratch.moved);
    }
    std::swap(scratch.square, scratch.moved);
  }
  if (config.flip > 0 && random.uniform() < static_cast<float>(config.flip)) {
    flip_pixels(scratch.square);
  }
}

// torchvision's RandomErasing with its default ranges: up to ten tries for a box that fits.
void erase(int64_t size, Random& random, std::span<float> out) {
  const double area = static_cast<double>(size * size);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double share = area * (0.02 + (0.33 - 0.02) * random.uniform());
    const double ratio =
        std::exp(std::log(0.3) + (std::log(3.3) - std::log(0.3)) * random.uniform());
    const auto h = static_cast<int64_t>(std::nearbyint(std::sqrt(share * ratio)));
    const auto w = static_cast<int64_t>(std::nearbyint(std::sqrt(share / ratio)));
    if (w < 1 || h < 1 || w >= size || h >= size) continue;
    const int64_t top = random.below(static_cast<uint32_t>(size - h + 1));
    const int64_t left = random.below(static_cast<uint32_t>(size - w + 1));
    for (int64_t c = 0; c < 3; ++c) {
      for (int64_t y = top; y < top + h; ++y) {
        std::fill_n(&out[(c * size + y) * size + left], w, 0.0f);
      }
    }
    return;
  }
}

void check_out(int64_t size, std::span<float> out) {
  if (size < 1 || static_cast<int64_t>(out.size()) != 3 * size * size) {
    fail<DataError>("augment: the output has {} values; expected 3 x {} x {}.", out.size(), size,
                    size);
  }
}

// out [3, pixels] = table[c][byte].
void planes_from_bytes(const Image& image, const std::array<std::array<float, 256>, 3>& table,
                       std::span<float> out) {
  const size_t pixels = image.rgb.size() / 3;
  for (size_t c = 0; c < 3; ++c) {
    for (size_t i = 0; i < pixels; ++i) out[c * pixels + i] = table[c][image.rgb[i * 3 + c]];
  }
}

}  // namespace

Normalization normalization_of(const DataConfig& config) {
  Normalization normalization;
  for (size_t c = 0; c < 3; ++c) {
    normalization.mean[c] = static_cast<float>(config.mean[c]);
    normalization.std[c] = static_cast<float>(config.std[c]);
  }
  return normalization;
}

Fit fit_of(const DataConfig& config) {
  return fit_from_names(config.resize_mode, config.interpolation);
}

DecodeOptions decode_for_training(const DataConfig& config, int64_t size) {
  DecodeOptions options{.alpha = alpha_from_name(config.alpha), .max_pixels = config.max_pixels};
  if (!config.reduced_jpeg) return options;
  // A random box has at least this part of the picture's shortest edge.
  const std::array<double, 2>& scale = config.augment.scale;
  const std::array<double, 2>& ratio = config.augment.ratio;
  const bool crops = scale[0] != 1 || scale[1] != 1;
  const double part = crops ? std::sqrt(scale[0] * std::min(ratio[0], 1 / ratio[1])) : 1;
  options.shortest_edge =
      static_cast<int64_t>(std::ceil(2 * static_cast<double>(size) / std::max(part, 1e-3)));
  return options;
}

void normalize(const Image& image, const Normalization& normalization, std::span<float> out) {
  if (out.size() != image.rgb.size()) {
    fail<DataError>("normalize: the output has {} values; expected {}.", out.size(),
                    image.rgb.size());
  }
  std::array<std::array<float, 256>, 3> table;
  for (size_t c = 0; c < 3; ++c) {
    for (size_t value = 0; value < 256; ++value) {
      table[c][value] =
          (static_cast<float>(value) / 255.0f - normalization.mean[c]) / normalization.std[c];
    }
  }
  planes_from_bytes(image, table, out);
}

void augment(const Image& image, int64_t size, const AugmentConfig& config, Alpha alpha,
             const Normalization& normalization, Random random, std::span<float> out,
             AugmentScratch& scratch, const Fit& fit) {
  check_out(size, out);
  if (config.scale[0] == 1.0 && config.scale[1] == 1.0) {
    resize_to_square(image, size, fit, scratch.square, scratch.resize);
  } else {
    resize(image, random_box(image.width, image.height, config, random), size, size,
           {0, 0, size, size}, fit.filter, scratch.square, scratch.resize);
  }
  move_pixels(image, config, alpha, random, scratch);
  if (changes_color(config)) {
    normalize(scratch.square, {{0, 0, 0}, {1, 1, 1}}, out);
    jitter_color(config, random, out);
    for (size_t c = 0; c < 3; ++c) {
      const float mean = normalization.mean[c], scale = 1.0f / normalization.std[c];
      for (float& value : out.subspan(c * size * size, size * size)) value = (value - mean) * scale;
    }
  } else {
    normalize(scratch.square, normalization, out);
  }
  if (config.erase > 0 && random.uniform() < static_cast<float>(config.erase)) {
    erase(size, random, out);
  }
}

void preprocess(const Image& image, int64_t size, const Normalization& normalization,
                std::span<float> out, AugmentScratch& scratch, const Fit& fit) {
  check_out(size, out);
  resize_to_square(image, size, fit, scratch.square, scratch.resize);
  normalize(scratch.square, normalization, out);
}

}  // namespace tandem
