#include "train/data/table.h"

#include "core/error.h"
#include "train/data/table_rows.h"

#include <filesystem>
#include <map>
#include <unordered_map>

namespace tandem {
namespace {

bool ends_with(const std::string& path, std::initializer_list<const char*> endings) {
  for (const char* ending : endings) {
    if (path.ends_with(ending)) return true;
  }
  return false;
}

// "train-images-idx3-ubyte.gz", in whatever folder.
bool is_idx(const std::string& path) {
  return std::filesystem::path(path).filename().string().find("idx3-ubyte") != std::string::npos;
}

}  // namespace

Table read_table(const std::string& path, const TableFormat& format,
                 std::vector<TableProblem>* problems, Pictures pictures) {
  const size_t before = problems ? problems->size() : 0;
  TableRows rows(path, problems, pictures);
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    read_class_folders(path, format, rows);
  } else if (ends_with(path, {".tar"})) {
    read_shards(path, format, rows, problems);
  } else if (ends_with(path, {".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2"})) {
    fail<ConfigError>(
        "{}: a compressed archive; shards are read at random places, so unpack it to .tar.", path);
  } else if (ends_with(path, {".json"})) {
    read_coco(path, format, rows);
  } else if (is_idx(path)) {
    read_idx(path, format, rows);
  } else {
    read_text_table(path, format, rows);
  }
  if (rows.rows().empty() && (!problems || problems->size() == before)) {
    fail<DataError>("{}: the table has no rows.", path);
  }
  return {path, std::move(rows.rows())};
}

bool is_table(const std::string& path) {
  std::error_code code;
  return std::filesystem::is_directory(path, code) ||
         ends_with(path, {".tar", ".json", ".jsonl", ".csv", ".tsv"}) ||
         is_idx(path);
}

const TableFormat& format_of(const TableFormat& own, const DataConfig& data) {
  return own == TableFormat() ? data.format : own;
}

std::vector<TableRow> rows_of_split(const Table& table, const std::string& split) {
  std::vector<TableRow> rows;
  std::map<std::string, int64_t> counts;
  for (const TableRow& row : table.rows) {
    ++counts[row.split];
    if (row.split == split || split == "all") rows.push_back(row);
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

std::vector<TableRow> training_rows(const DataConfig& data) {
  const Pictures pictures = data.features.empty() ? Pictures::read : Pictures::named;
  const auto read = [&](const std::string& table, const TableFormat& format) {
    return read_table(table, format, nullptr, pictures);
  };
  if (data.sources.empty()) return rows_of_split(read(data.table, data.format), data.split);
  std::vector<TableRow> rows;
  for (size_t i = 0; i < data.sources.size(); ++i) {
    const SourceConfig& source = data.sources[i];
    const Table table = read(source.table, format_of(source.format, data));
    for (TableRow& row : rows_of_split(table, source.split.empty() ? data.split : source.split)) {
      row.weight = static_cast<float>(source.weight);
      if (!row.group.empty()) row.group = fmt::format("{}/{}", i, row.group);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::vector<uint8_t> picture_bytes(const TableRow& row, const DecodeOptions& options) {
  if (!row.file) return read_picture_file(row.image, options);
  check_file_size(row.bytes, row.image, options);
  return row.file->read(row.offset, row.bytes, row.image);
}

Image load_picture(const TableRow& row, const DecodeOptions& options) {
  return decode_image(picture_bytes(row, options), row.image, options);
}

}  // namespace tandem
