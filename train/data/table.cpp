#include "train/data/table.h"

#include "core/error.h"
#include "train/config/utf8.h"
#include "train/data/records.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <unordered_map>

namespace tandem {
namespace {

using nlohmann::json;

std::string string_of(const json& object, const char* key) {
  const json& value = object[key];
  if (!value.is_string()) fail<DataError>("{} is {}; expected a string", key, value.type_name());
  return value.get<std::string>();
}

// A string, or an integer as one.
std::string name_of(const json& object, const char* key) {
  return object[key].is_number_integer() ? object[key].dump() : string_of(object, key);
}

std::vector<std::string> captions_of(const json& object) {
  const bool one = object.contains("caption"), several = object.contains("captions");
  if (!one && !several && object.contains("label")) return {};
  if (one == several) {
    fail<DataError>("the row has {} caption {} captions; expected one of the two",
                    one ? "both" : "neither", one ? "and" : "nor");
  }
  if (one) return {string_of(object, "caption")};
  std::vector<std::string> captions;
  const json& array = object["captions"];
  if (!array.is_array()) {
    fail<DataError>("captions is {}; expected an array of strings", array.type_name());
  }
  for (const json& value : array) {
    if (!value.is_string()) {
      fail<DataError>("captions holds {}; expected strings", value.type_name());
    }
    captions.push_back(value.get<std::string>());
  }
  return captions;
}

TableRow row_from_json(const std::string& line) {
  json object;
  try {
    object = json::parse(line);
  } catch (const json::exception& error) {
    const std::string what = error.what();  // "[json.exception...] parse error at ...: ..."
    fail<DataError>("broken JSON: {}", what.substr(std::min(what.find("] ") + 2, what.size())));
  }
  if (!object.is_object()) fail<DataError>("the row is {}; expected an object", object.type_name());
  if (!object.contains("image")) fail<DataError>("the row has no image; expected a path");
  TableRow row;
  row.image = string_of(object, "image");
  row.captions = captions_of(object);
  if (object.contains("split")) row.split = string_of(object, "split");
  if (object.contains("group")) row.group = name_of(object, "group");
  if (object.contains("label")) row.label = name_of(object, "label");
  if (row.captions.empty() && !object.contains("captions")) row.captions = {row.label};
  return row;
}

// Where the columns of a CSV file are.
class Columns {
 public:
  explicit Columns(const std::vector<std::string>& names) : count_(names.size()) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (!index_.emplace(names[i], i).second) fail<DataError>("two columns '{}'", names[i]);
    }
    for (const char* needed : {"image", "caption"}) {
      const bool replaced = needed == std::string("caption") && index_.contains("label");
      if (!index_.contains(needed) && !replaced) {
        fail<DataError>("no column '{}'; the header has {}", needed, fmt::join(names, ", "));
      }
    }
  }

  TableRow row(const std::vector<std::string>& values) const {
    if (values.size() != count_) {
      fail<DataError>("the row has {} values, but the header names {} columns", values.size(),
                      count_);
    }
    TableRow row;
    row.image = values[index_.at("image")];
    row.captions = {values[index_.at(index_.contains("caption") ? "caption" : "label")]};
    for (int number = 2; index_.contains(fmt::format("caption_{}", number)); ++number) {
      const std::string& caption = values[index_.at(fmt::format("caption_{}", number))];
      if (!caption.empty()) row.captions.push_back(caption);
    }
    if (index_.contains("split")) row.split = values[index_.at("split")];
    if (index_.contains("group")) row.group = values[index_.at("group")];
    if (index_.contains("label")) row.label = values[index_.at("label")];
    return row;
  }

 private:
  size_t count_;
  std::map<std::string, size_t> index_;
};

bool is_text(const std::string& bytes) { return first_invalid_utf8(bytes) == std::string::npos; }

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string::npos;
}

void check_row(TableRow& row, const std::filesystem::path& folder) {
  if (row.captions.empty()) fail<DataError>("captions is empty; expected at least one");
  for (size_t i = 0; i < row.captions.size(); ++i) {
    if (!is_blank(row.captions[i])) continue;
    if (row.captions.size() == 1) fail<DataError>("the caption is empty; write one");
    fail<DataError>("caption {} of {} is empty; write one or leave it out", i + 1,
                    row.captions.size());
  }
  if (row.split.empty()) fail<DataError>("the split is empty; expected a name such as train");
  if (row.image.empty() || row.image.find('\0') != std::string::npos) {
    fail<DataError>("the image is empty; expected a path relative to the table's folder");
  }
  row.image = (folder / row.image).lexically_normal().string();
  std::error_code code;
  if (!std::filesystem::is_regular_file(row.image, code)) {
    fail<DataError>("there is no picture {}", row.image);
  }
}

// Reads the next row; false at the end of the file. Rows it returns without captions are blank.
using NextRow = std::function<bool(RecordReader&, TableRow&)>;

bool next_json(RecordReader& reader, TableRow& row) {
  std::string line;
  if (!reader.next_line(line)) return false;
  if (!is_text(line)) fail<DataError>("the line is not UTF-8; convert the table to UTF-8");
  row = is_blank(line) ? TableRow{} : row_from_json(line);
  return true;
}

NextRow csv_rows(RecordReader& reader, char separator) {
  std::vector<std::string> names;
  if (!reader.next_values(separator, names)) fail<DataError>("the table is empty");
  return [columns = Columns(names), separator](RecordReader& records, TableRow& row) {
    std::vector<std::string> values;
    if (!records.next_values(separator, values)) return false;
    const bool blank = values.size() == 1 && is_blank(values[0]);
    if (!std::all_of(values.begin(), values.end(), is_text)) {
      fail<DataError>("the row is not UTF-8; convert the table to UTF-8");
    }
    row = blank ? TableRow{} : columns.row(values);
    return true;
  };
}

NextRow rows_by_extension(const std::string& path, RecordReader& reader) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".jsonl") return next_json;
  if (extension == ".csv") return csv_rows(reader, ',');
  if (extension == ".tsv") return csv_rows(reader, '\t');
  fail<ConfigError>("{}: a table ends in .jsonl, .csv or .tsv, not '{}'.", path, extension);
}

}  // namespace

Table read_table(const std::string& path, std::vector<TableProblem>* problems) {
  std::error_code code;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, code)) {
    fail<DataError>("{}: the table can't be opened; expected a .jsonl, .csv or .tsv file.", path);
  }
  RecordReader reader(file);
  Table table{path, {}};
  const auto folder = std::filesystem::path(path).parent_path();
  const auto located = [&](const DataError& error) {
    return fmt::format("{}:{}: {}.", path, std::max<int64_t>(reader.line(), 1), error.what());
  };
  NextRow next;
  try {
    next = rows_by_extension(path, reader);
  } catch (const DataError& error) {
    throw DataError(located(error));
  }
  for (bool more = true; more;) {
    try {
      TableRow row;
      more = next(reader, row);
      if (!more || (row.image.empty() && row.captions.empty())) continue;
      row.line = reader.line();
      check_row(row, folder);
      table.rows.push_back(std::move(row));
    } catch (const DataError& error) {
      if (!problems) throw DataError(located(error));
      problems->push_back({reader.line(), located(error)});
    }
  }
  if (table.rows.empty() && (!problems || problems->empty())) {
    fail<DataError>("{}: the table has no rows.", path);
  }
  return table;
}

std::vector<TableRow> rows_of_split(const Table& table, const std::string& split) {
  std::vector<TableRow> rows;
  std::map<std::string, int64_t> counts;
  for (const TableRow& row : table.rows) {
    ++counts[row.split];
    if (row.split == split) rows.push_back(row);
  }
  if (!rows.empty()) return rows;
  std::string known;
  for (const auto& [name, count] : counts) {
    known += fmt::format("{}{} ({} rows)", known.empty() ? "" : ", ", name, count);
  }
  fail<ConfigError>("{}: there is no split '{}'; the table has {}.", table.path, split, known);
}

std::vector<int64_t> group_numbers(const std::vector<TableRow>& rows) {
  std::vector<int64_t> numbers;
  numbers.reserve(rows.size());
  std::unordered_map<std::string, int64_t> known;
  int64_t count = 0;
  for (const TableRow& row : rows) {
    if (row.group.empty()) {
      numbers.push_back(count++);
      continue;
    }
    const auto [place, added] = known.emplace(row.group, count);
    numbers.push_back(place->second);
    count += added;
  }
  return numbers;
}

}  // namespace tandem
