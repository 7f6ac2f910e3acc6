// Tables of pictures and captions: what a training run reads. README.md describes the kinds: JSONL,
// CSV and TSV files, tar shards, class folders, COCO captions, IDX pictures.
#pragma once

#include "train/config/run_config.h"
#include "train/data/image.h"
#include "train/data/picture_file.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tandem {

struct TableRow {
  int64_t line = 0;   // in the table, from 1; its number where there are no lines
  std::string image;  // a path that opens from the current folder, or, in a file
                      // of many pictures, what names it
  std::shared_ptr<const PictureFile> file = nullptr;  // that file; null: image is a path
  int64_t offset = 0, bytes = 0;                      // where in that file
  std::vector<std::string> captions;                  // at least one, none empty
  std::vector<float> probabilities;                   // of each caption; empty: equal
  std::string split = "train";
  float weight = 1;   // how often it is drawn, with replacement, against one of weight 1
  std::string group;  // samples of one group are not each other's negatives; empty: of its own
  std::string label;  // its class; empty: none is known
  int64_t feature = -1;  // where features stand in for pictures, the row of its own
};

struct Table {
  std::string path;
  std::vector<TableRow> rows;
};

// A row that was left out, and why: "captions.csv:7: the caption is empty".
struct TableProblem {
  int64_t line = 0;
  std::string message;
};

// Whether a table's pictures are read from their files, which must exist then, or only have names,
// by which features are found that stand in for them.
enum class Pictures { read, named };

// Reads a table of the kind that `path` shows: .jsonl, .csv, .tsv; .tar with brace ranges, several
// joined by ::; .json of COCO captions; *idx3-ubyte*; a folder. Pictures are not opened. Throws
// ConfigError for another extension and DataError for a table that can't be read or has no rows. A
// bad row throws DataError ("file:line: ..."), or is noted in `problems` if that is given.
Table read_table(const std::string& path, const TableFormat& format = {},
                 std::vector<TableProblem>* problems = nullptr,
                 Pictures pictures = Pictures::read);

// Whether a path is one that read_table reads, by its name alone.
bool is_table(const std::string& path);

// How another table than data.table is read: as `own` says where it says anything, else as data's.
const TableFormat& format_of(const TableFormat& own, const DataConfig& data);

// The rows of one split, in the table's order; every row for "all". Throws ConfigError, naming the
// splits that there are, if there are none.
std::vector<TableRow> rows_of_split(const Table& table, const std::string& split);

// [rows] the group of each row as a number from 0, in order of first appearance.
std::vector<int64_t> group_numbers(const std::vector<TableRow>& rows);

// The rows that a run trains on: those of data.table, or of data.sources with their weights, whose
// groups are kept apart; their pictures are named where there are data.features. Throws as
// read_table and rows_of_split do.
std::vector<TableRow> training_rows(const DataConfig& data);

// The picture of a row, encoded. Throws DataError where it can't be read, and where it has more
// bytes than a picture of max_pixels.
std::vector<uint8_t> picture_bytes(const TableRow& row, const DecodeOptions& options = {});

// The picture of a row. Throws DataError where it can't be read.
Image load_picture(const TableRow& row, const DecodeOptions& options = {});

}  // namespace tandem
