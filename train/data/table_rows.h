// The rows of a table while it is read. Every kind of table fills them in the same way.
#pragma once

#include "core/error.h"
#include "train/data/table.h"

#include <string>
#include <string_view>
#include <vector>

namespace tandem {

class TableRows {
 public:
  // path: the table, for messages. `problems` may be null: then a bad row throws.
  TableRows(std::string path, std::vector<TableProblem>* problems,
            Pictures pictures = Pictures::read)
      : path_(std::move(path)), problems_(problems), pictures_(pictures) {}

  const std::string& path() const { return path_; }

  // Takes a row after check_captions.
  void add(TableRow row);

  // Notes or throws that the row of this line is bad: "path:line: reason." Without a line,
  // "path: reason."
  void refuse(int64_t line, const std::string& reason);

  // The path of a row's picture in `folder`. Throws DataError where there is no such file, unless
  // pictures are only named.
  std::string picture_path(const std::string& folder, const std::string& name) const;

  std::vector<TableRow>& rows() { return rows_; }

 private:
  std::string path_;
  std::vector<TableProblem>* problems_;
  Pictures pictures_;
  std::vector<TableRow> rows_;
};

// Throws DataError where a row has no captions, an empty one, or one that is not UTF-8.
void check_captions(const TableRow& row);

// Whether a text has nothing but white space.
bool is_blank(std::string_view text);

// The lines of format.class_names; none if that is empty. Throws ConfigError where the file can't
// be read or has an empty line.
std::vector<std::string> class_names(const TableFormat& format);

// The caption of a class.
std::string class_caption(const TableFormat& format, const std::string& name);

// The readers, each of one kind of table. They throw as read_table does.
void read_text_table(const std::string& path, const TableFormat& format, TableRows& rows);
void read_shards(const std::string& path, const TableFormat& format, TableRows& rows,
                 std::vector<TableProblem>* problems);
void read_class_folders(const std::string& path, const TableFormat& format, TableRows& rows);
void read_coco(const std::string& path, const TableFormat& format, TableRows& rows);
void read_idx(const std::string& path, const TableFormat& format, TableRows& rows);

}  // namespace tandem
