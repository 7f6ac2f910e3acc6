#include "train/text/read_captions.h"

#include "core/error.h"
#include "train/data/table.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
namespace tandem {
namespace {

// By its name alone.
bool is_table(const std::string& path) {
  constexpr std::array endings{".tar", ".json", ".jsonl", ".csv", ".tsv"};
  return std::filesystem::is_directory(path) || path.find("idx3-ubyte") != std::string::npos ||
         std::ranges::any_of(endings, [&](const char* end) { return path.ends_with(end); });
}

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
