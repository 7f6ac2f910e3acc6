#include "train/report/metric_charts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

namespace tandem {
namespace {

constexpr size_t fewest_to_smooth = 40;  // points; fewer are clear as they are

struct KnownValue {
  std::string_view name, title;
  bool from_zero = false;
  double factor = 1;
};

// In the order in which they are shown.
constexpr KnownValue known_values[] = {
    {"loss", "Loss"},
    {"lr", "Learning rate", true},
    {"grad_norm", "Gradient norm", true},
    {"logit_scale", "Logit scale"},
    {"logit_bias", "Logit bias"},
    {"pairs_per_second", "Speed (pairs/s)", true},
    {"data_wait", "Share of time spent waiting for data (%)", true, 100},
    {"acc1", "Accuracy (%)", true, 100},
    {"mean_per_class_recall", "Accuracy, mean per class (%)", true, 100},
    {"image_to_text_R@1", "Picture to caption, R@1 (%)", true, 100},
    {"image_to_text_R@5", "Picture to caption, R@5 (%)", true, 100},
    {"text_to_image_R@1", "Caption to picture, R@1 (%)", true, 100},
    {"text_to_image_R@5", "Caption to picture, R@5 (%)", true, 100},
    {"image_to_text_median_rank", "Picture to caption, median rank"},
    {"text_to_image_median_rank", "Caption to picture, median rank"},
};

size_t place_of(std::string_view name) {
  const auto found = std::find_if(std::begin(known_values), std::end(known_values),
                                  [&](const KnownValue& known) { return known.name == name; });
  return static_cast<size_t>(found - std::begin(known_values));
}

KnownValue describe(const std::string& name) {
  const size_t place = place_of(name);
  return place < std::size(known_values) ? known_values[place] : KnownValue{name, name};
}

bool is_in_table_alone(std::string_view name) {
  return name.ends_with("_R@10") || name.ends_with("_mean_rank");
}

// Value names of the lines of one kind: the known ones first, then as they came.
std::vector<std::string> names_of(std::span<const MetricsRecord> records, std::string_view kind) {
  std::vector<std::string> names;
  for (const MetricsRecord& record : records) {
    if (record.kind != kind) continue;
    for (const auto& [name, value] : record.values) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return place_of(a) < place_of(b);
  });
  return names;
}

ReportChart training_chart(std::span<const MetricsRecord> records, const std::string& name) {
  const KnownValue known = describe(name);
  ReportLine line{std::string(known.title), {}, {}, false};
  for (const MetricsRecord& record : records) {
    const auto value = record.kind == "train" ? record.find(name) : std::nullopt;
    if (!value) continue;
    line.x.push_back(static_cast<double>(record.step));
    line.y.push_back(*value * known.factor);
  }
  ReportChart chart{std::string(known.title), "step", {}, known.from_zero};
  if ((name == "loss" || name == "grad_norm") && line.y.size() >= fewest_to_smooth) {
    ReportLine average = line;
    average.y = smooth(line.y, static_cast<double>(line.y.size()) / 40);
    average.name = "smoothed";
    line.name = "raw";
    line.faint = true;
    chart.lines = {line, average};
  } else {
    chart.lines = {line};
  }
  return chart;
}

ReportChart evaluation_chart(std::span<const MetricsRecord> records, const std::string& name) {
  const KnownValue known = describe(name);
  ReportChart chart{std::string(known.title), "epoch", {}, known.from_zero};
  std::map<std::string, size_t> line_of;  // by evaluation
  for (const MetricsRecord& record : records) {
    const auto value = record.kind == "eval" ? record.find(name) : std::nullopt;
    if (!value) continue;
    const auto [place, is_new] = line_of.emplace(record.name, chart.lines.size());
    if (is_new) chart.lines.push_back({record.name, {}, {}, false});
    ReportLine& line = chart.lines[place->second];
    line.x.push_back(record.epoch);
    line.y.push_back(*value * known.factor);
  }
  return chart;
}

}  // namespace

std::vector<double> smooth(std::span<const double> values, double points) {
  const double kept = std::exp(-1 / std::max(points, 1e-9));
  double sum = 0, weight = 0;
  std::vector<double> smoothed;
  for (const double value : values) {
    if (std::isfinite(value)) {
      sum = sum * kept + value;
      weight = weight * kept + 1;
    }
    smoothed.push_back(std::isfinite(value) ? sum / weight : value);
  }
  return smoothed;
}

std::vector<ReportChart> charts_from_metrics(std::span<const MetricsRecord> records) {
  std::vector<ReportChart> charts;
  for (const std::string& name : names_of(records, "train")) {
    charts.push_back(training_chart(records, name));
  }
  for (const std::string& name : names_of(records, "eval")) {
    if (!is_in_table_alone(name)) charts.push_back(evaluation_chart(records, name));
  }
  return charts;
}

}  // namespace tandem
