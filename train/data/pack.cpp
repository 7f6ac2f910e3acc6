#include "train/data/pack.h"

#include "core/error.h"
#include "train/data/tar.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

namespace tandem {
namespace {

// A picture's usual extension, by its first bytes.
const char* extension_of(const std::vector<uint8_t>& bytes, const std::string& name) {
  if (bytes.size() > 11 && bytes[0] == 0x89 && bytes[1] == 'P') return "png";
  if (bytes.size() > 11 && bytes[0] == 0xff && bytes[1] == 0xd8) return "jpg";
  if (bytes.size() > 11 && bytes[8] == 'W' && bytes[9] == 'E') return "webp";
  fail<DataError>("{}: not a PNG, JPEG or WebP picture.", name);
}

std::string described(const TableRow& row) {
  nlohmann::ordered_json object{{"captions", row.captions}};
  if (!row.probabilities.empty()) object["probabilities"] = row.probabilities;
  object["split"] = row.split;
  if (!row.group.empty()) object["group"] = row.group;
  if (!row.label.empty()) object["label"] = row.label;
  return object.dump();
}

// The members of one sample.
std::string sample_members(const TableRow& row, int64_t number) {
  const std::vector<uint8_t> picture = picture_bytes(row);
  const std::string key = fmt::format("{:09}", number);
  const std::string_view content(reinterpret_cast<const char*>(picture.data()), picture.size());
  return tar_member(fmt::format("{}.{}", key, extension_of(picture, row.image)), content) +
         tar_member(key + ".json", described(row)) + tar_member(key + ".txt", row.captions[0]);
}

std::string shard_name(const std::string& out, int64_t shard) {
  return fmt::format("{}-{:06}.tar", out, shard);
}

// Rows [begin, end); returns the bytes written.
int64_t write_shard(const std::string& path, const std::vector<TableRow>& rows, int64_t begin,
                    int64_t end) {
  int64_t bytes = 0;
  try {
    const TemporaryFile beside(path + ".partial");
    {
      OutputFile file(beside.path());
      const auto write = [&](const std::string& members) {
        file.write(std::as_bytes(std::span(members)));
        bytes += static_cast<int64_t>(members.size());
      };
      for (int64_t i = begin; i < end; ++i) write(sample_members(rows[i], i));
      write(tar_end());
    }
    replace_file(beside.path(), path);
  } catch (const CheckpointError& error) {
    throw DataError(error.what());
  }
  return bytes;
}

}  // namespace

PackSummary pack_shards(const std::vector<TableRow>& rows, const std::string& out,
                        int64_t shard_samples) {
  std::error_code code;
  const auto folder = std::filesystem::path(out).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, code);
  PackSummary summary{.samples = static_cast<int64_t>(rows.size())};
  for (int64_t begin = 0; begin < summary.samples; begin += shard_samples) {
    const int64_t end = std::min(begin + shard_samples, summary.samples);
    summary.bytes += write_shard(shard_name(out, summary.shards++), rows, begin, end);
  }
  summary.table = summary.shards == 1
                      ? shard_name(out, 0)
                      : fmt::format("{}-{{000000..{:06}}}.tar", out, summary.shards - 1);
  return summary;
}

}  // namespace tandem
