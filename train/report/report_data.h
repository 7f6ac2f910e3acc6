// What a report shows, as plain values. Every part may be missing.
#pragma once

#include "train/evaluate/retrieval.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tandem {

// One line of a chart: x and y have one length; a y that is not finite leaves a gap.
struct ReportLine {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
  bool faint = false;  // behind the others, as raw values behind smoothed ones
};

struct ReportChart {
  std::string title;    // with its unit: "Speed (pairs/s)"
  std::string x_label;  // "step"
  std::vector<ReportLine> lines;
  bool from_zero = false;  // the y axis begins at zero
};

struct ReportFact {
  std::string label;  // "Device"
  std::string value;
};

// A plain table; every row has as many cells as the header.
struct ReportTable {
  std::string title;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

struct ReportEvaluation {
  std::string name;
  RetrievalResult result;
};

// Encoded pictures are PNG or JPEG; thumbnails of about 96 pixels keep the page small.
struct ReportSimilarity {
  std::string source;                 // the evaluation that the pairs are from
  std::vector<std::string> pictures;  // P encoded pictures, and
  std::vector<std::string> captions;  // their P captions, in the same order
  std::vector<float> scores;          // [P captions, P pictures], cosines
};

// One candidate of a retrieval example.
struct ReportHit {
  std::string picture;  // encoded; for a caption to be found: empty
  std::string caption;
  double score = 0;
  bool correct = false;
};

// What a query found, best first.
struct ReportQuery {
  std::string picture;  // encoded; empty where the caption is the query
  std::string caption;  // the query, or the true caption of the query's picture
  int64_t rank = 0;     // of the best correct candidate, 1 is first
  int64_t candidates = 0;
  std::vector<ReportHit> hits;
};

struct ReportData {
  std::string name;      // of the run
  std::string subtitle;  // one line under it: what it is, when it ended
  std::vector<ReportFact> facts;
  std::string config;  // YAML as resolved
  std::vector<ReportTable> tables;
  std::vector<ReportChart> charts;
  std::vector<ReportEvaluation> evaluations;
  std::optional<ReportSimilarity> similarity;
  std::vector<ReportQuery> text_queries;   // caption to pictures
  std::vector<ReportQuery> image_queries;  // picture to captions
};

}  // namespace tandem
