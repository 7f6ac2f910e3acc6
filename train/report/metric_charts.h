// The charts of a run, from its metrics.
#pragma once

#include "train/report/metrics_log.h"
#include "train/report/report_data.h"

#include <span>
#include <vector>

namespace tandem {

// One chart for each training value, over steps: loss (raw and smoothed), lr, grad_norm,
// logit_scale, pairs_per_second first, then any others by name. Then, over epochs, one for each
// evaluation value with a line for each evaluation; of recalls those at 1 and 5, and of ranks the
// median, since the results table has the rest.
std::vector<ReportChart> charts_from_metrics(std::span<const MetricsRecord> records);

// Exponential moving average without start-up bias (Kingma & Ba 2014, section 3), over a time of
// `points` values. A value that is not finite stays as it is and is left out of the average.
std::vector<double> smooth(std::span<const double> values, double points);

}  // namespace tandem
