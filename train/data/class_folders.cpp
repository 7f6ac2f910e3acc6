// Pictures in a folder for each class: flowers/daisy/1.jpg.
#include "train/data/table_rows.h"

#include <algorithm>
#include <filesystem>

namespace tandem {
namespace {

namespace fs = std::filesystem;

bool is_picture(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg" || extension == ".webp";
}

std::vector<fs::path> sorted(std::vector<fs::path> paths) {
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<fs::path> folders_in(const std::string& path) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  return sorted(std::move(folders));
}

// With those of folders below; links to folders are not followed.
std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> pictures;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && is_picture(entry.path())) pictures.push_back(entry.path());
  }
  return sorted(std::move(pictures));
}

// A folder's name as words.
std::string words_of(const fs::path& folder) {
  std::string name = folder.filename().string();
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

void read_folders(const std::string& path, const TableFormat& format, TableRows& rows) {
  const std::vector<fs::path> folders = folders_in(path);
  const std::vector<std::string> names = class_names(format);
  if (folders.empty()) {
    fail<DataError>("{}: the folder has no folders; expected one for each class.", path);
  }
  if (!names.empty() && names.size() != folders.size()) {
    fail<ConfigError>("{}: the folder has {} class folders, but {} has {} names.", path,
                      folders.size(), format.class_names, names.size());
  }
  int64_t number = 0;
  for (size_t i = 0; i < folders.size(); ++i) {
    for (const fs::path& picture : pictures_in(folders[i])) {
      TableRow row{.line = ++number, .image = picture.string()};
      row.label = names.empty() ? words_of(folders[i]) : names[i];
      row.captions = {class_caption(format, row.label)};
      row.group = folders[i].filename().string();
      try {
        rows.add(std::move(row));
      } catch (const DataError& error) {
        rows.refuse(number, error.what());
      }
    }
  }
}

}  // namespace

void read_class_folders(const std::string& path, const TableFormat& format, TableRows& rows) {
  try {
    read_folders(path, format, rows);
  } catch (const fs::filesystem_error& error) {
    fail<DataError>("{}: can't be read: {}.", error.path1().string(), error.code().message());
  }
}

}  // namespace tandem
