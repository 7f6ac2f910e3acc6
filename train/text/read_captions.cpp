#include "train/text/read_captions.h"

#include "core/error.h"
#include "train/data/table.h"

#include <fstream>

namespace tandem {
namespace {

std::vector<std::string> captions_of_table(const std::string& path, const std::string& split) {
  const auto table = read_table(path);
  std::vector<std::string> captions;
  for (const auto& row : split.empty() ? table.rows : rows_of_split(table, split))
    captions.insert(captions.end(), row.captions.begin(), row.captions.end());
  return captions;
}

}  // namespace

std::vector<std::string> read_captions(const std::filesystem::path& file,
                                       const std::string& split) {
  const auto extension = file.extension();
  if (extension == ".jsonl" || extension == ".csv" || extension == ".tsv")
    return captions_of_table(file.string(), split);
  std::ifstream lines(file);
  if (!lines || std::filesystem::is_directory(file))
    fail<DataError>("{}: the file can't be opened; check its path.", file.string());
  std::vector<std::string> captions;
  for (std::string line; std::getline(lines, line);)
    if (line.find_first_not_of(" \t\r") != std::string::npos) captions.push_back(line);
  return captions;
}

}  // namespace tandem
