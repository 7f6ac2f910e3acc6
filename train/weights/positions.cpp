#include "train/weights/positions.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>

namespace tandem {
namespace {

// Keys 1981 with a = -0.5: half-width 2.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// The inputs that one output is made of.
struct Weights {
  int64_t first = 0;
  std::vector<double> values;  // sum to one
};

// For each of `to` outputs along an axis of `from`. When shrinking the kernel is stretched, so that
// it takes in all inputs that the output covers.
std::vector<Weights> axis_weights(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double stretch = std::max(scale, 1.0);
  std::vector<Weights> weights(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const double center = scale * (static_cast<double>(i) + 0.5);
    const auto first = std::max<int64_t>(static_cast<int64_t>(center - 2 * stretch + 0.5), 0);
    const auto end = std::min<int64_t>(static_cast<int64_t>(center + 2 * stretch + 0.5), from);
    Weights& one = weights[static_cast<size_t>(i)];
    one.first = first;
    double sum = 0;
    for (int64_t j = first; j < end; ++j) {
      one.values.push_back(cubic((static_cast<double>(j) - center + 0.5) / stretch));
      sum += one.values.back();
    }
    for (double& value : one.values) value /= sum;
  }
  return weights;
}

// Resizes the middle axis of [outer, from, inner].
std::vector<double> resize_axis(const std::vector<double>& values, int64_t outer, int64_t from,
                                int64_t inner, const std::vector<Weights>& weights) {
  const auto to = static_cast<int64_t>(weights.size());
  std::vector<double> result(static_cast<size_t>(outer * to * inner), 0.0);
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < to; ++i) {
      const Weights& one = weights[static_cast<size_t>(i)];
      double* out = result.data() + (o * to + i) * inner;
      for (size_t j = 0; j < one.values.size(); ++j) {
        const double* in = values.data() + (o * from + one.first + static_cast<int64_t>(j)) * inner;
        for (int64_t c = 0; c < inner; ++c) out[c] += one.values[j] * in[c];
      }
    }
  }
  return result;
}

}  // namespace

int64_t grid_of(const NamedTensor& table, int64_t class_tokens) {
  const int64_t rows = table.shape.rank() == 2 ? table.shape[0] - class_tokens : 0;
  const auto grid = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(rows))));
  if (grid < 1 || grid * grid != rows) {
    fail<CheckpointError>(
        "{} is {}; a table [{}g g, width] of {}a square grid of g x g patches was expected.",
        table.name, table.shape, class_tokens == 0 ? "" : "1 + ",
        class_tokens == 0 ? "" : "a class token and ");
  }
  return grid;
}

NamedTensor resize_positions(const NamedTensor& table, int64_t class_tokens, int64_t grid) {
  const int64_t from = grid_of(table, class_tokens);
  if (grid == from) return table;
  if (grid < 1) fail<CheckpointError>("{}: {} patches a side are too few.", table.name, grid);
  const int64_t W = table.shape[1];
  const auto weights = axis_weights(from, grid);
  const auto patches = table.values.begin() + class_tokens * W;
  std::vector<double> values(patches, table.values.end());
  values = resize_axis(values, from, from, W, weights);      // columns: [from, grid, W]
  values = resize_axis(values, 1, from, grid * W, weights);  // rows: [grid, grid, W]
  NamedTensor result{table.name, {class_tokens + grid * grid, W}, {}};
  result.values.assign(table.values.begin(), patches);
  result.values.insert(result.values.end(), values.begin(), values.end());
  return result;
}

}  // namespace tandem
