// Tables of pictures and captions: what a training run reads.
//
// JSONL: one object a line, with "image" (a path), "caption" (a string) or "captions" (an array of
// them), and optionally "split" (default "train"), "group" (a string or an integer; default: of its
// own) and "label" (a class, a string or an integer); a row without captions is captioned by its
// label. CSV and TSV: the same columns by a header line, quoting as in RFC 4180 in both; further
// captions stand in caption_2, caption_3, ... and may be empty there. Other columns are ignored.
// Paths are relative to the table's folder. A row is at most 1 MiB of UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tandem {

struct TableRow {
  int64_t line = 0;                   // in the table, from 1
  std::string image;                  // a path that opens from the current folder
  std::vector<std::string> captions;  // at least one, none empty
  std::string split = "train";
  std::string group;  // samples of one group are not each other's negatives; empty: of its own
  std::string label;  // its class; empty: none is known
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

// Reads a .jsonl, .csv or .tsv file. Every picture must exist; it is not opened.
// Throws ConfigError for another extension and DataError for a table that can't be read or has no
// rows. A bad row throws DataError ("file:line: ..."), or is noted in `problems` if that is given.
Table read_table(const std::string& path, std::vector<TableProblem>* problems = nullptr);

// The rows of one split, in the table's order. Throws ConfigError, naming the splits that there
// are, if there are none.
std::vector<TableRow> rows_of_split(const Table& table, const std::string& split);

// [rows] the group of each row as a number from 0, in order of first appearance.
std::vector<int64_t> group_numbers(const std::vector<TableRow>& rows);

}  // namespace tandem
