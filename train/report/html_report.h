// report.html: one file with everything in it, for any browser, light or dark, offline. Its
// content security policy forbids it to load anything.
#pragma once

#include "train/report/report_data.h"

#include <filesystem>
#include <string>

namespace tandem {

// The page. Parts that are missing are left out. Throws DataError for a similarity matrix whose
// sizes do not fit together.
std::string html_report(const ReportData& data);

// Writes the page beside `path` and renames it there, so that a reader never sees half of it.
// Throws DataError.
void write_html_report(const std::filesystem::path& path, const ReportData& data);

}  // namespace tandem
