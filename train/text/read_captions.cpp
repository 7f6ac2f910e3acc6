#include "train/text/read_captions.h"

#include "core/error.h"

#include <nlohmann/json.hpp>

#include <fstream>

namespace tandem {
namespace {

void append_caption(const nlohmann::json& caption, std::vector<std::string>& captions) {
  if (!caption.is_string()) throw DataError("a caption is not a string");
  captions.push_back(caption.get<std::string>());
}

void append_row(const std::string& line, const std::string& split,
                std::vector<std::string>& captions) {
  const auto shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > 8) throw DataError("its JSON is nested too deeply");
    return true;
  };
  const auto row = nlohmann::json::parse(line, shallow, false);
  if (!row.is_object()) throw DataError("it is not a JSON object");
  if (!split.empty() && row.value("split", nlohmann::json()) != split) return;
  if (row.contains("caption")) append_caption(row["caption"], captions);
  if (!row.contains("captions")) return;
  if (!row["captions"].is_array()) throw DataError("its captions are not an array");
  for (const auto& caption : row["captions"]) append_caption(caption, captions);
}

}  // namespace

std::vector<std::string> read_captions(const std::filesystem::path& file,
                                       const std::string& split) {
  std::ifstream lines(file);
  if (!lines || std::filesystem::is_directory(file))
    fail<DataError>("{}: the file can't be opened; check its path.", file.string());
  const bool is_table = file.extension() == ".jsonl";
  std::vector<std::string> captions;
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      if (is_table)
        append_row(line, split, captions);
      else
        captions.push_back(line);
    } catch (const DataError& error) {
      fail<DataError>(
          "{}:{}: {}; expected a row such as {{\"image\": ..., \"captions\": "
          "[\"red heart\"]}}.",
          file.string(), number, error.what());
    }
  }
  return captions;
}

}  // namespace tandem
