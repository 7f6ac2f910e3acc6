// A sweep as a table, a JSON document and a page with charts.
#pragma once

#include "train/report/report_data.h"
#include "train/sweep/summary.h"

#include <nlohmann/json.hpp>

namespace tandem {

struct Sweep {
  std::string name;
  std::string config;  // path
  std::vector<GridAxis> axes;
  std::vector<uint64_t> seeds;
  std::vector<SweepRun> runs;
};

// A row for each group: its values, runs, and of each metric "81.2 +- 0.4" (in per cent where all
// its values are shares).
ReportTable sweep_table(const Sweep& sweep, const std::vector<std::string>& metrics);

// The table as text in columns.
std::string table_text(const ReportTable& table);

// {"runs": [{"folder": ..., "seed": 1, "values": {...}, "metrics": {...}}, ...],
//  "groups": [{"values": {...}, "runs": 3, "failed": 0, "metrics": {"test/acc1": {"mean": ...,
//  "deviation": ..., "values": [...]}}}], ...}
nlohmann::ordered_json sweep_json(const Sweep& sweep);

// For each metric a chart of its mean against the axis of numbers, that of shots if there is one,
// with a line for each combination of the others, between faint ones a deviation away. None
// without an axis of two numbers or more.
std::vector<ReportChart> sweep_charts(const Sweep& sweep, const std::vector<std::string>& metrics);

}  // namespace tandem
