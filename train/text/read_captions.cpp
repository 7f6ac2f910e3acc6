#include "train/text/read_captions.h"

#include "core/error.h"
#include "train/data/records.h"
#include "train/data/regular_file.h"
#include "train/data/table.h"

#include <fstream>
namespace tandem {
namespace {

std::vector<std::string> captions_of_table(const std::string& path, const std::string& split,
                                           const TableFormat& format) {
  const auto table = read_table(path, format);
  std::vector<std::string> captions;
  for (const auto& row : split.empty() ? table.rows : rows_of_split(table, split))
    captions.insert(captions.end(), row.captions.begin(), row.captions.end());
  return captions;
}

}  // namespace

std::vector<std::string> read_captions(const std::string& path, const std::string& split,
                                       const TableFormat& format) {
  if (is_table(path)) return captions_of_table(path, split, format);
  require_regular_file<DataError>(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) fail<DataError>("{}: the file can't be opened; check its path.", path);
  std::vector<std::string> captions = all_lines(file, path);
  std::erase_if(captions, [](const std::string& line) {
    return line.find_first_not_of(" \t\r") == std::string::npos;
  });
  return captions;
}

}  // namespace tandem
