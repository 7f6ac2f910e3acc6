#include "train/features/feature_rows.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tandem {

void FeatureRows::read(std::span<const int64_t> indices, std::vector<float>& out) const {
  for (const int64_t index : indices) {
    if (index >= 0 && index < rows()) continue;
    fail<DataError>("{}: row {} was asked for; there are {}.", name(), index, rows());
  }
  const auto E = static_cast<size_t>(width());
  out.resize(indices.size() * E);
  copy(indices, out);
  for (size_t i = 0; i < indices.size(); ++i) {
    const std::span<float> row = std::span(out).subspan(i * E, E);
    double squares = 0;
    for (const float value : row) squares += static_cast<double>(value) * value;
    if (!(squares > 0) || !std::isfinite(squares)) {
      fail<DataError>("{}: the features of row {} are {}; compute them again.", name(), indices[i],
                      squares == 0 ? "all zeros" : "not finite");
    }
    const double factor = 1 / std::sqrt(squares);
    for (float& value : row) value = static_cast<float>(value * factor);
  }
}

std::vector<float> FeatureRows::read_all() const {
  std::vector<int64_t> indices(static_cast<size_t>(rows()));
  std::iota(indices.begin(), indices.end(), 0);
  std::vector<float> values;
  read(indices, values);
  return values;
}

MemoryRows::MemoryRows(std::vector<float> values, int64_t width, std::string name)
    : values_(std::move(values)), width_(width), name_(std::move(name)) {
  if (width > 0 && values_.size() % static_cast<size_t>(width) == 0) return;
  fail<DataError>("{}: {} values are not rows of width {}.", name_, values_.size(), width);
}

void MemoryRows::copy(std::span<const int64_t> indices, std::span<float> out) const {
  for (size_t i = 0; i < indices.size(); ++i) {
    std::copy_n(values_.begin() + indices[i] * width_, width_,
                out.begin() + static_cast<int64_t>(i) * width_);
  }
}

std::shared_ptr<const FeatureRows> keep_if_small(std::shared_ptr<const FeatureRows> rows,
                                                 int64_t bytes) {
  const auto row_bytes = rows->width() * static_cast<int64_t>(sizeof(float));
  if (rows->rows() > bytes / row_bytes) return rows;
  return std::make_shared<MemoryRows>(rows->read_all(), rows->width(), "the features");
}

}  // namespace tandem
