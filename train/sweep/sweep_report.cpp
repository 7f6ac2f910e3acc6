#include "train/sweep/sweep_report.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace tandem {
namespace {

using nlohmann::ordered_json;

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

// Whether a metric's values are all shares, which are shown in per cent.
bool is_share(const std::vector<SweepGroup>& groups, const std::string& metric) {
  if (metric.ends_with("_rank") || metric.ends_with("/loss")) return false;
  return std::all_of(groups.begin(), groups.end(), [&](const SweepGroup& group) {
    const auto found = group.metrics.find(metric);
    return found == group.metrics.end() ||
           std::all_of(found->second.values.begin(), found->second.values.end(),
                       [](double value) { return value >= 0 && value <= 1; });
  });
}

std::string shown(const MetricSummary& summary, bool share) {
  if (share) return fmt::format("{:.1f} +- {:.1f} %", 100 * summary.mean, 100 * summary.deviation);
  return fmt::format("{:.4g} +- {:.2g}", summary.mean, summary.deviation);
}

ordered_json values_json(const GridValues& values) {
  ordered_json object = ordered_json::object();
  for (const auto& [key, value] : values) object[key] = value;
  return object;
}

// The axis along which charts are drawn: of numbers, two or more; that of shots first.
const GridAxis* chart_axis(const Sweep& sweep) {
  const GridAxis* found = nullptr;
  for (const GridAxis& axis : sweep.axes) {
    const bool numbers = std::all_of(axis.values.begin(), axis.values.end(),
                                     [](const std::string& text) { return number(text); });
    if (!numbers || axis.values.size() < 2) continue;
    if (found == nullptr || axis.key.ends_with("shots")) found = &axis;
  }
  return found;
}

// The values of all axes but one.
std::string others(const GridValues& values, const std::string& key) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : values) {
    if (name != key) parts.push_back(value);
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

struct Band {
  ReportLine mean, low, high;
};

void add_point(Band& band, double x, const MetricSummary& summary, double factor) {
  const double offsets[] = {0, -summary.deviation, summary.deviation};
  ReportLine* const lines[] = {&band.mean, &band.low, &band.high};
  for (size_t i = 0; i < 3; ++i) {
    lines[i]->x.push_back(x);
    lines[i]->y.push_back(factor * (summary.mean + offsets[i]));
  }
}

}  // namespace

ReportTable sweep_table(const Sweep& sweep, const std::vector<std::string>& metrics) {
  const std::vector<SweepGroup> groups = summarize_sweep(sweep.runs);
  ReportTable table{.title = "Mean and deviation over seeds", .header = {}, .rows = {}};
  for (const GridAxis& axis : sweep.axes) table.header.push_back(axis.key);
  table.header.push_back("runs");
  table.header.insert(table.header.end(), metrics.begin(), metrics.end());
  for (const SweepGroup& group : groups) {
    std::vector<std::string> row;
    for (const auto& [key, value] : group.values) row.push_back(value);
    row.push_back(group.failed == 0 ? fmt::format("{}", group.runs)
                                    : fmt::format("{} ({} failed)", group.runs, group.failed));
    for (const std::string& metric : metrics) {
      const auto found = group.metrics.find(metric);
      row.push_back(found == group.metrics.end()
                        ? "-"
                        : shown(found->second, is_share(groups, metric)));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string table_text(const ReportTable& table) {
  std::vector<size_t> widths(table.header.size());
  std::vector<std::vector<std::string>> lines{table.header};
  lines.insert(lines.end(), table.rows.begin(), table.rows.end());
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (size_t i = 0; i < line.size(); ++i) row += fmt::format("{:<{}}  ", line[i], widths[i]);
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

ordered_json sweep_json(const Sweep& sweep) {
  ordered_json document{{"name", sweep.name}, {"config", sweep.config}, {"seeds", sweep.seeds}};
  document["grid"] = ordered_json::object();
  for (const GridAxis& axis : sweep.axes) document["grid"][axis.key] = axis.values;
  document["failed"] = std::count_if(sweep.runs.begin(), sweep.runs.end(),
                                     [](const SweepRun& run) { return !run.error.empty(); });
  for (const SweepGroup& group : summarize_sweep(sweep.runs)) {
    ordered_json object{{"values", values_json(group.values)},
                        {"runs", group.runs},
                        {"failed", group.failed},
                        {"metrics", ordered_json::object()}};
    for (const auto& [name, summary] : group.metrics) {
      object["metrics"][name] = {{"mean", summary.mean},
                                 {"deviation", summary.deviation},
                                 {"values", summary.values}};
    }
    document["groups"].push_back(std::move(object));
  }
  for (const SweepRun& run : sweep.runs) {
    ordered_json object{
        {"folder", run.folder}, {"seed", run.seed}, {"values", values_json(run.values)}};
    (run.error.empty() ? object["metrics"] : object["error"]) =
        run.error.empty() ? ordered_json(run.metrics) : ordered_json(run.error);
    document["runs"].push_back(std::move(object));
  }
  return document;
}

std::vector<ReportChart> sweep_charts(const Sweep& sweep, const std::vector<std::string>& metrics) {
  const GridAxis* const axis = chart_axis(sweep);
  if (axis == nullptr) return {};
  const std::vector<SweepGroup> groups = summarize_sweep(sweep.runs);
  std::vector<ReportChart> charts;
  for (const std::string& metric : metrics) {
    const bool share = is_share(groups, metric);
    std::vector<std::pair<std::string, Band>> bands;
    for (const SweepGroup& group : groups) {
      const auto found = group.metrics.find(metric);
      if (found == group.metrics.end()) continue;
      const std::string name = others(group.values, axis->key);
      auto band = std::find_if(bands.begin(), bands.end(),
                               [&](const auto& known) { return known.first == name; });
      if (band == bands.end()) band = bands.insert(bands.end(), {name, {}});
      const auto x = std::find_if(group.values.begin(), group.values.end(),
                                  [&](const auto& value) { return value.first == axis->key; });
      add_point(band->second, *number(x->second), found->second, share ? 100 : 1);
    }
    ReportChart chart{.title = metric + (share ? " (%)" : ""), .x_label = axis->key, .lines = {}};
    for (auto& [name, band] : bands) {
      band.mean.name = name.empty() ? "mean" : name;
      band.low.name = "- deviation";
      band.high.name = "+ deviation";
      band.low.faint = band.high.faint = true;
      chart.lines.insert(chart.lines.end(), {band.low, band.high, band.mean});
    }
    charts.push_back(std::move(chart));
  }
  return charts;
}

}  // namespace tandem
