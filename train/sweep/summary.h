// What the runs of a sweep say together: mean and deviation over seeds.
#pragma once

#include "train/sweep/grid.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tandem {

// One run that is over.
struct SweepRun {
  GridValues values;
  uint64_t seed = 0;
  std::string folder;
  std::map<std::string, double> metrics;  // "test/acc1" -> 0.81
  std::string error;                      // why it failed; empty: it did not
};

struct MetricSummary {
  double mean = 0;
  double deviation = 0;        // of the sample (n - 1); 0 for one run
  std::vector<double> values;  // of the runs that have it, in order
};

// The runs that differ in their seed alone.
struct SweepGroup {
  GridValues values;
  int64_t runs = 0;  // that did not fail
  int64_t failed = 0;
  std::map<std::string, MetricSummary> metrics;
};

// Groups in order of their first run.
std::vector<SweepGroup> summarize_sweep(std::span<const SweepRun> runs);

MetricSummary summarize_values(std::vector<double> values);

// The metrics that a table shows: those that `wanted` names, else accuracies, class means,
// harmonic means and recalls at 1, else all. Throws ConfigError for a wanted one that no run has,
// naming those that there are.
std::vector<std::string> shown_metrics(std::span<const SweepGroup> groups,
                                       const std::vector<std::string>& wanted);

}  // namespace tandem
