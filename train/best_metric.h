// The evaluation that decides which checkpoint is the best, as `train.keep_best` names it.
#pragma once

#include "train/report/metrics_log.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tandem {

// "seen_fluent/image_to_text_R@1": an evaluation's name and one of its recalls; or
// "validation/acc1" of few-shot training.
struct BestMetric {
  std::string evaluation;
  std::string value;

  // Whether classes are told apart, where else captions are found.
  bool of_classes() const { return value == "acc1" || value == "mean_per_class_recall"; }

  bool operator==(const BestMetric&) const = default;
};

// Nothing if the text has not that form, or names something of which less is better (a rank).
std::optional<BestMetric> parse_best_metric(std::string_view text);

struct BestStep {
  int64_t step = -1;
  double value = 0;
};

// The step with the highest finite value, the first of equal ones; nothing without any.
std::optional<BestStep> best_of(const BestMetric& metric, std::span<const MetricsRecord> records);

}  // namespace tandem
