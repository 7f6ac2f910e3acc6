// JSONL: one object a line. CSV and TSV: columns by a header line, quoting as in RFC 4180 in both;
// further captions stand in caption_2, caption_3, ... and may be empty there.
#include "train/config/utf8.h"
#include "train/data/json_row.h"
#include "train/data/records.h"
#include "train/data/regular_file.h"
#include "train/data/table_rows.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>

namespace tandem {
namespace {

std::string or_else(const std::string& text, const char* standard) {
  return text.empty() ? standard : text;
}

std::string field_names(const nlohmann::json& object) {
  std::string names;
  for (const auto& field : object.items()) names += (names.empty() ? "" : ", ") + field.key();
  return names;
}

TableRow row_from_json(const std::string& line, const TableFormat& format) {
  const nlohmann::json object = parse_object(line);
  const std::string image = or_else(format.img_key, "image");
  if (!object.contains(image)) fail<DataError>("the row has no {}; expected a path", image);
  TableRow row;
  row.image = text_field(object, image);
  names_from_json(object, row);
  if (captions_from_json(object, format, format.caption_key, row)) return row;
  if (!format.captions.empty()) {
    fail<DataError>("the row has none of the fields that data.captions names; it has {}",
                    field_names(object));
  }
  if (!format.caption_key.empty()) {
    fail<DataError>("the row has no {}; it has {}", format.caption_key, field_names(object));
  }
  row.captions = {row.label};
  if (!row.label.empty()) return row;
  fail<DataError>("the row has neither caption nor captions; expected one of the two");
}

// Where the columns of a CSV file are.
class Columns {
 public:
  Columns(const std::vector<std::string>& names, const TableFormat& format)
      : count_(names.size()), fields_(format.captions) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (!index_.emplace(names[i], i).second) fail<DataError>("two columns '{}'", names[i]);
    }
    image_ = find(or_else(format.img_key, "image"), names);
    for (const CaptionField& field : fields_) find(field.key, names);
    if (!fields_.empty()) return;
    const std::string caption = or_else(format.caption_key, "caption");
    const bool labelled = format.caption_key.empty() && !index_.contains(caption) &&
                          index_.contains("label");
    captions_ = {find(labelled ? "label" : caption, names)};
    for (int number = 2; index_.contains(fmt::format("{}_{}", caption, number)); ++number) {
      captions_.push_back(index_.at(fmt::format("{}_{}", caption, number)));
    }
  }

  TableRow row(const std::vector<std::string>& values) const {
    if (values.size() != count_) {
      fail<DataError>("the row has {} values, but the header names {} columns", values.size(),
                      count_);
    }
    TableRow row;
    row.image = values[image_];
    for (const CaptionField& field : fields_) {
      const std::string& caption = values[index_.at(field.key)];
      if (!caption.empty()) add_captions(row, field, {caption});
    }
    for (const size_t column : captions_) {
      if (column == captions_[0] || !values[column].empty()) row.captions.push_back(values[column]);
    }
    if (index_.contains("split")) row.split = values[index_.at("split")];
    if (row.split.empty()) fail<DataError>("the split is empty; expected a name such as train");
    if (index_.contains("group")) row.group = values[index_.at("group")];
    if (index_.contains("label")) row.label = values[index_.at("label")];
    return row;
  }

 private:
  size_t find(const std::string& name, const std::vector<std::string>& names) const {
    const auto found = index_.find(name);
    if (found != index_.end()) return found->second;
    fail<DataError>("no column '{}'; the header has {}", name, fmt::join(names, ", "));
  }

  size_t count_;
  std::vector<CaptionField> fields_;
  std::map<std::string, size_t> index_;
  size_t image_ = 0;
  std::vector<size_t> captions_;
};

// Reads the next row, nothing for a blank line; false at the end of the file.
using NextRow = std::function<bool(RecordReader&, std::optional<TableRow>&)>;

// `what` is the line or row that the bytes are of.
void check_text(const char* what, const std::string& bytes) {
  const std::string_view fault = text_fault(bytes);
  if (!fault.empty()) fail<DataError>("the {} {}", what, fault);
}

NextRow json_rows(const TableFormat& format) {
  return [format](RecordReader& reader, std::optional<TableRow>& row) {
    std::string line;
    if (!reader.next_line(line)) return false;
    check_text("line", line);
    if (!is_blank(line)) row = row_from_json(line, format);
    return true;
  };
}

NextRow csv_rows(RecordReader& reader, char separator, const TableFormat& format) {
  std::vector<std::string> names;
  if (!reader.next_values(separator, names)) fail<DataError>("the table is empty");
  return [columns = Columns(names, format), separator](RecordReader& records,
                                                       std::optional<TableRow>& row) {
    std::vector<std::string> values;
    if (!records.next_values(separator, values)) return false;
    const bool blank = values.size() == 1 && is_blank(values[0]);
    for (const std::string& value : values) check_text("row", value);
    if (!blank) row = columns.row(values);
    return true;
  };
}

NextRow rows_by_extension(const std::string& path, const TableFormat& format,
                          RecordReader& reader) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".jsonl") return json_rows(format);
  if (extension != ".csv" && extension != ".tsv") {
    fail<ConfigError>(
        "{}: a table is a .jsonl, .csv or .tsv file, .tar shards, a COCO .json, an idx3-ubyte file "
        "or a folder, not '{}'.",
        path, extension);
  }
  const char standard = extension == ".csv" ? ',' : '\t';
  return csv_rows(reader, format.separator.empty() ? standard : format.separator[0], format);
}

}  // namespace

void read_text_table(const std::string& path, const TableFormat& format, TableRows& rows) {
  require_regular_file<DataError>(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    fail<DataError>("{}: the table can't be opened; expected a file or a folder of pictures.",
                    path);
  }
  RecordReader reader(file);
  NextRow next;
  try {
    next = rows_by_extension(path, format, reader);
  } catch (const DataError& error) {
    fail<DataError>("{}:{}: {}.", path, std::max<int64_t>(reader.line(), 1), error.what());
  }
  const std::string folder = format.image_folder.empty()
                                 ? std::filesystem::path(path).parent_path().string()
                                 : format.image_folder;
  for (bool more = true; more;) {
    try {
      std::optional<TableRow> row;
      more = next(reader, row);
      if (!row) continue;
      row->line = reader.line();
      check_captions(*row);
      row->image = rows.picture_path(folder, row->image);
      rows.add(std::move(*row));
    } catch (const DataError& error) {
      rows.refuse(std::max<int64_t>(reader.line(), 1), error.what());
    }
  }
}

}  // namespace tandem
