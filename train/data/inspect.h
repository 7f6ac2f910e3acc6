// What is in a table, and what is wrong with it.
#pragma once

#include "train/data/image.h"
#include "train/data/table.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tandem {

struct Spread {
  int64_t smallest = 0, median = 0, largest = 0;
  double mean = 0.0;
};

struct SplitCounts {
  int64_t rows = 0, captions = 0, groups = 0;
};

// Rows whose pictures have the same pixels.
struct SamePicture {
  std::vector<int64_t> lines;
  bool across_splits = false;  // what is trained on is evaluated on
};

// A caption that rows of different groups share, within a split.
struct SameCaption {
  std::string caption;
  std::vector<int64_t> lines;
};

struct Inspection {
  std::string path;
  std::vector<TableRow> rows;  // the good ones
  std::map<std::string, SplitCounts> splits;
  Spread characters, words;       // of a caption
  Spread widths, heights;         // of a picture, in pixels
  std::vector<TableProblem> bad;  // by line: rows that can't be used, and why
  std::vector<SamePicture> same_pictures;
  std::vector<SameCaption> same_captions;
};

// Reads the table and decodes every picture, with `threads` threads. Bad rows are listed, not
// thrown; throws as read_table does where there is no table.
Inspection inspect_table(const std::string& path, const TableFormat& format,
                         const DecodeOptions& options, int threads);

// The inspection as one JSON document.
std::string inspection_json(const Inspection& inspection);

// The inspection for people: a few lines, with the first problems.
std::string inspection_text(const Inspection& inspection);

// A page with at most `pictures` pictures, spread evenly over the rows, under the text; everything
// it needs is in it.
std::string inspection_html(const Inspection& inspection, const DecodeOptions& options,
                            int64_t pictures);

}  // namespace tandem
