#include "train/data/resize.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>

namespace tandem {
namespace {

constexpr int weight_bits = 22;  // 32 less 8 of a pixel, less 2 for the sums of negative lobes
constexpr int32_t half = 1 << (weight_bits - 1);

double half_width(Filter filter) { return filter == Filter::bilinear ? 1.0 : 2.0; }

double kernel(Filter filter, double x) {
  x = std::abs(x);
  if (filter == Filter::bilinear) return x < 1.0 ? 1.0 - x : 0.0;
  constexpr double a = -0.5;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

int32_t fixed_point(double weight) {
  return static_cast<int32_t>(weight * (1 << weight_bits) + (weight < 0 ? -0.5 : 0.5));
}

// The weights of outputs [begin, begin + count) of a line of `inputs` resized to `outputs`.
void compute_weights(int64_t inputs, int64_t outputs, int64_t begin, int64_t count, Filter filter,
                     ResizeScratch::Weights& weights) {
  const double scale = static_cast<double>(inputs) / static_cast<double>(outputs);
  const double stretch = std::max(scale, 1.0);  // shrinking widens the kernel: the antialiasing
  const double reach = half_width(filter) * stretch;
  weights.stride = std::min(inputs, static_cast<int64_t>(std::ceil(reach)) * 2 + 1);
  weights.first.resize(count);
  weights.count.resize(count);
  weights.values.resize(count * weights.stride);
  std::vector<double> exact(weights.stride);
  for (int64_t i = 0; i < count; ++i) {
    const double center = (static_cast<double>(begin + i) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(center - reach + 0.5));
    const int64_t last = std::min(inputs, static_cast<int64_t>(center + reach + 0.5));
    double sum = 0.0;
    for (int64_t j = first; j < last; ++j) {
      exact[j - first] = kernel(filter, (static_cast<double>(j) - center + 0.5) / stretch);
      sum += exact[j - first];
    }
    weights.first[i] = first;
    weights.count[i] = last - first;
    int32_t* values = &weights.values[i * weights.stride];
    for (int64_t j = 0; j < last - first; ++j) values[j] = fixed_point(exact[j] / sum);
  }
}

uint8_t round_to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> weight_bits, 0, 255));
}

// One row of pixels to one row of as many as there are weights.
void resize_row(const uint8_t* source, const ResizeScratch::Weights& weights, uint8_t* target) {
  const auto outputs = static_cast<int64_t>(weights.first.size());
  for (int64_t x = 0; x < outputs; ++x) {
    const uint8_t* pixel = source + weights.first[x] * 3;
    const int32_t* values = &weights.values[x * weights.stride];
    int32_t red = half, green = half, blue = half;
    for (int64_t j = 0; j < weights.count[x]; ++j, pixel += 3) {
      red += values[j] * pixel[0];
      green += values[j] * pixel[1];
      blue += values[j] * pixel[2];
    }
    target[x * 3] = round_to_byte(red);
    target[x * 3 + 1] = round_to_byte(green);
    target[x * 3 + 2] = round_to_byte(blue);
  }
}

// Rows [first, first + count) of `bytes` each, weighted into one row.
void blend_rows(const uint8_t* first, int64_t bytes, const int32_t* values, int64_t count,
                int32_t* sums, uint8_t* target) {
  std::fill(sums, sums + bytes, half);
  for (int64_t j = 0; j < count; ++j) {
    const uint8_t* row = first + j * bytes;
    const int32_t weight = values[j];
    for (int64_t i = 0; i < bytes; ++i) sums[i] += weight * row[i];
  }
  for (int64_t i = 0; i < bytes; ++i) target[i] = round_to_byte(sums[i]);
}

bool holds(int64_t width, int64_t height, const Box& box) {
  return box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0 &&
         box.width <= width - box.x && box.height <= height - box.y;
}

}  // namespace

void resize(const Image& image, const Box& box, int64_t width, int64_t height, const Box& window,
            Filter filter, Image& out, ResizeScratch& scratch) {
  if (!holds(image.width, image.height, box) || !holds(width, height, window)) {
    fail<DataError>(
        "resize: a {} x {} box at ({}, {}) of a {} x {} picture, resized to {} x {} "
        "and cut to {} x {} at ({}, {}): a box is empty or reaches outside.",
        box.width, box.height, box.x, box.y, image.width, image.height, width, height, window.width,
        window.height, window.x, window.y);
  }
  const ResizeScratch::Weights& columns = scratch.columns;
  const ResizeScratch::Weights& rows = scratch.rows;
  compute_weights(box.width, width, window.x, window.width, filter, scratch.columns);
  compute_weights(box.height, height, window.y, window.height, filter, scratch.rows);
  // Only the rows that some output row reads.
  const int64_t first_row = rows.first.front();
  const int64_t last_row = rows.first.back() + rows.count.back();
  const int64_t bytes = window.width * 3;
  scratch.narrowed.resize((last_row - first_row) * bytes);
  for (int64_t y = first_row; y < last_row; ++y) {
    const uint8_t* source = &image.rgb[((box.y + y) * image.width + box.x) * 3];
    resize_row(source, columns, &scratch.narrowed[(y - first_row) * bytes]);
  }
  out.width = window.width;
  out.height = window.height;
  out.rgb.resize(window.height * bytes);
  scratch.sums.resize(bytes);
  for (int64_t y = 0; y < window.height; ++y) {
    blend_rows(&scratch.narrowed[(rows.first[y] - first_row) * bytes], bytes,
               &rows.values[y * rows.stride], rows.count[y], scratch.sums.data(),
               &out.rgb[y * bytes]);
  }
}

void resize_and_crop(const Image& image, int64_t size, Filter filter, Image& out,
                     ResizeScratch& scratch) {
  if (size < 1 || image.width < 1 || image.height < 1) {
    fail<DataError>("resize_and_crop: {} x {} to {}; expected sizes of at least 1.", image.width,
                    image.height, size);
  }
  const int64_t shortest = std::min(image.width, image.height);
  const int64_t width = size * image.width / shortest;  // rounded down, as int() does
  const int64_t height = size * image.height / shortest;
  // To even at .5, as Python's round().
  const auto offset = [&](int64_t length) {
    return static_cast<int64_t>(std::nearbyint(static_cast<double>(length - size) / 2.0));
  };
  resize(image, {0, 0, image.width, image.height}, width, height,
         {offset(width), offset(height), size, size}, filter, out, scratch);
}

Image resize_and_crop(const Image& image, int64_t size, Filter filter) {
  Image out;
  ResizeScratch scratch;
  resize_and_crop(image, size, filter, out, scratch);
  return out;
}

}  // namespace tandem
