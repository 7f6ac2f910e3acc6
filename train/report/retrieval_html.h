// The report's parts about retrieval, each a section of HTML.
#pragma once

#include "train/report/report_data.h"

#include <span>
#include <string>

namespace tandem {

// A row for each evaluation and direction: queries, candidates, recalls with their intervals,
// ranks.
std::string results_table_html(std::span<const ReportEvaluation> evaluations);

// A heat map: captions down, pictures across, true pairs framed. Throws DataError where the
// numbers of pictures, captions and scores do not fit together.
std::string similarity_html(const ReportSimilarity& similarity);

// Captions with the pictures they found, and pictures with the captions they found.
std::string text_queries_html(std::span<const ReportQuery> queries);
std::string image_queries_html(std::span<const ReportQuery> queries);

}  // namespace tandem
