#include "train/sweep/summary.h"

#include "core/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace tandem {
namespace {

bool is_headline(const std::string& metric) {
  constexpr std::array<std::string_view, 3> endings{"/acc1", "/mean_per_class_recall", "_R@1"};
  return metric.find("/harmonic_mean") != std::string::npos ||
         std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return metric.ends_with(ending); });
}

}  // namespace

MetricSummary summarize_values(std::vector<double> values) {
  MetricSummary summary;
  const auto n = static_cast<double>(values.size());
  for (const double value : values) summary.mean += value / n;
  double squares = 0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  if (values.size() > 1) summary.deviation = std::sqrt(squares / (n - 1));
  summary.values = std::move(values);
  return summary;
}

std::vector<SweepGroup> summarize_sweep(std::span<const SweepRun> runs) {
  std::vector<SweepGroup> groups;
  std::map<GridValues, size_t> places;
  for (const SweepRun& run : runs) {
    const auto [place, fresh] = places.emplace(run.values, groups.size());
    if (fresh) groups.push_back({.values = run.values, .metrics = {}});
    SweepGroup& group = groups[place->second];
    ++(run.error.empty() ? group.runs : group.failed);
    for (const auto& [name, value] : run.metrics) group.metrics[name].values.push_back(value);
  }
  for (SweepGroup& group : groups) {
    for (auto& [name, summary] : group.metrics) {
      summary = summarize_values(std::move(summary.values));
    }
  }
  return groups;
}

std::vector<std::string> shown_metrics(std::span<const SweepGroup> groups,
                                       const std::vector<std::string>& wanted) {
  std::set<std::string> known;
  for (const SweepGroup& group : groups) {
    for (const auto& [name, summary] : group.metrics) known.insert(name);
  }
  for (const std::string& name : wanted) {
    if (known.contains(name) || known.empty()) continue;
    fail<ConfigError>("--metric {}: no run has it; there are {}.", name, fmt::join(known, ", "));
  }
  if (!wanted.empty()) return wanted;
  std::vector<std::string> shown;
  std::copy_if(known.begin(), known.end(), std::back_inserter(shown), is_headline);
  if (shown.empty()) shown.assign(known.begin(), known.end());
  return shown;
}

}  // namespace tandem
