#include "train/text/read_captions.h"

#include "core/error.h"
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
  std::ifstream lines(path);
  if (!lines) fail<DataError>("{}: the file can't be opened; check its path.", path);
  std::vector<std::string> captions;
  for (std::string line; std::getline(lines, line);)
    if (line.find_first_not_of(" \t\r") != std::string::npos) captions.push_back(line);
  return captions;
}

}  // namespace tandem
