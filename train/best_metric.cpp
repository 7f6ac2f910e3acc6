#include "train/best_metric.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tandem {

std::optional<BestMetric> parse_best_metric(std::string_view text) {
  constexpr std::array<std::string_view, 8> known{
      "image_to_text_R@1", "image_to_text_R@5",  "image_to_text_R@10", "text_to_image_R@1",
      "text_to_image_R@5", "text_to_image_R@10", "acc1",               "mean_per_class_recall"};
  const size_t slash = text.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  const std::string_view value = text.substr(slash + 1);
  if (std::find(known.begin(), known.end(), value) == known.end()) return std::nullopt;
  return BestMetric{std::string(text.substr(0, slash)), std::string(value)};
}

std::optional<BestStep> best_of(const BestMetric& metric, std::span<const MetricsRecord> records) {
  std::optional<BestStep> best;
  for (const MetricsRecord& record : records) {
    if (record.kind != "eval" || record.name != metric.evaluation) continue;
    const std::optional<double> value = record.find(metric.value);
    if (!value || !std::isfinite(*value)) continue;
    if (!best || *value > best->value) best = BestStep{record.step, *value};
  }
  return best;
}

}  // namespace tandem
