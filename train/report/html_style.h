// The report page's style and script, inlined into every report.
#pragma once

namespace tandem {

extern const char* const report_style;   // CSS
extern const char* const report_script;  // shows a chart's values under the pointer

}  // namespace tandem
