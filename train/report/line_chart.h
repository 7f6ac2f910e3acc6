// Line charts as inline SVG, drawn here so that a report needs no library and no network.
#pragma once

#include "train/report/report_data.h"

#include <string>

namespace tandem {

// A <figure> with title, legend (for two lines or more) and the chart; coloured by the page's
// style. Lines of many points are drawn by the extremes of each stretch. A chart without any
// finite point says so.
std::string line_chart_html(const ReportChart& chart);

}  // namespace tandem
