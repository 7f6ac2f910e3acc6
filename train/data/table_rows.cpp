#include "train/data/table_rows.h"

#include "train/config/utf8.h"
#include "train/data/records.h"
#include "train/data/regular_file.h"

#include <filesystem>
#include <fstream>

namespace tandem {

void TableRows::add(TableRow row) {
  check_captions(row);
  rows_.push_back(std::move(row));
}

void TableRows::refuse(int64_t line, const std::string& reason) {
  const std::string place = line > 0 ? fmt::format("{}:{}", path_, line) : path_;
  const std::string message = fmt::format("{}: {}.", place, reason);
  if (problems_ == nullptr) throw DataError(message);
  problems_->push_back({line, message});
}

void check_captions(const TableRow& row) {
  if (row.captions.empty()) fail<DataError>("captions is empty; expected at least one");
  for (size_t i = 0; i < row.captions.size(); ++i) {
    if (const std::string_view fault = text_fault(row.captions[i]); !fault.empty()) {
      fail<DataError>("caption {} {}", i + 1, fault);
    }
    if (!is_blank(row.captions[i])) continue;
    if (row.captions.size() == 1) fail<DataError>("the caption is empty; write one");
    fail<DataError>("caption {} of {} is empty; write one or leave it out", i + 1,
                    row.captions.size());
  }
}

std::string TableRows::picture_path(const std::string& folder, const std::string& name) const {
  if (name.empty() || name.find('\0') != std::string::npos) {
    fail<DataError>("the image is empty; expected a path relative to {}",
                    folder.empty() ? "the current folder" : folder);
  }
  const std::string path = (std::filesystem::path(folder) / name).lexically_normal().string();
  std::error_code code;
  if (pictures_ == Pictures::read && !std::filesystem::is_regular_file(path, code)) {
    fail<DataError>("there is no picture {}", path);
  }
  return path;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

std::vector<std::string> class_names(const TableFormat& format) {
  if (format.class_names.empty()) return {};
  require_regular_file<ConfigError>(format.class_names);
  std::ifstream file(format.class_names, std::ios::binary);
  if (!file) {
    fail<ConfigError>("{}: the class names can't be opened; check data.class_names.",
                      format.class_names);
  }
  std::vector<std::string> names = all_lines(file, format.class_names);
  for (size_t i = 0; i < names.size(); ++i) {
    if (!is_blank(names[i])) continue;
    fail<ConfigError>("{}:{}: an empty line; expected the name of class {}.", format.class_names,
                      i + 1, i);
  }
  return names;
}

std::string class_caption(const TableFormat& format, const std::string& name) {
  std::string caption = format.class_template;
  for (size_t at = 0; (at = caption.find("{}", at)) != std::string::npos; at += name.size()) {
    caption.replace(at, 2, name);
  }
  return caption;
}

}  // namespace tandem
