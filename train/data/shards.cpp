// Shards as webdataset has them: tar archives in which neighbouring members with the same name up
// to its first dot are one sample, say 0017.jpg and 0017.json.
#include "core/cpu/threads.h"
#include "train/data/braces.h"
#include "train/data/json_row.h"
#include "train/data/records.h"
#include "train/data/table_rows.h"
#include "train/data/tar.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>
#include <optional>

namespace tandem {
namespace {

// Opened for each picture: there may be more shards than files that a process can have open.
class ShardFile : public PictureFile {
 public:
  explicit ShardFile(std::string path) : path_(std::move(path)) {}

  std::vector<uint8_t> read(int64_t offset, int64_t bytes, const std::string& name) const override {
    std::vector<uint8_t> content(bytes);
    try {
      InputFile(path_).read(static_cast<uint64_t>(offset),
                            std::as_writable_bytes(std::span(content)));
    } catch (const CheckpointError& error) {
      fail<DataError>("{}: {}", name, error.what());
    }
    return content;
  }

 private:
  std::string path_;
};

// "jpg;png" as its parts.
std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(';', begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

struct Member : TarMember {
  std::string key;        // the folder and the name up to its first dot
  std::string extension;  // what follows that dot, in lower case
};

Member parse_member(const TarMember& member) {
  const size_t slash = member.name.rfind('/');
  const size_t base = slash == std::string::npos ? 0 : slash + 1;
  const size_t dot = std::min(member.name.find('.', base), member.name.size());
  return {member, member.name.substr(0, dot),
          lower(member.name.substr(std::min(dot + 1, member.name.size())))};
}

// Reads one shard into rows; their lines count its samples from 1.
class ShardIndex {
 public:
  ShardIndex(const std::string& path, const TableFormat& format, TableRows& rows)
      : path_(path),
        format_(format),
        rows_(rows),
        reader_(path),
        file_(std::make_shared<ShardFile>(path)),
        pictures_(parts_of(format.img_key.empty() ? "jpg;jpeg;png;webp" : format.img_key)),
        captions_(parts_of(format.caption_key.empty() ? "json;txt" : format.caption_key)) {}

  // Returns the number of samples, bad ones among them.
  int64_t read() {
    for (TarMember next; reader_.next(next);) {
      const Member member = parse_member(next);
      const std::string_view base = std::string_view(member.key).substr(member.key.rfind('/') + 1);
      if (base.empty() || base.starts_with("__")) continue;  // hidden, or about the shard itself
      if (!sample_.empty() && sample_[0].key != member.key) finish();
      sample_.push_back(member);
    }
    if (!sample_.empty()) finish();
    return samples_;
  }

 private:
  void finish() {
    ++samples_;
    try {
      rows_.add(row());
    } catch (const DataError& error) {
      rows_.refuse(0, fmt::format("sample {}: {}", sample_[0].key, error.what()));
    }
    sample_.clear();
  }

  const Member* find(const std::string& extension) const {
    const Member* found = nullptr;
    for (const Member& member : sample_) {
      if (member.extension != extension) continue;
      if (found) fail<DataError>("two members .{}", extension);
      found = &member;
    }
    return found;
  }

  std::string text_of(const Member& member) {
    constexpr auto most = static_cast<int64_t>(max_record_bytes);
    if (member.size > most) {
      fail<DataError>("{} has {} bytes; expected at most {}", member.name, member.size, most);
    }
    return reader_.read(member, most);
  }

  TableRow row() {
    const Member* picture = nullptr;
    for (size_t i = 0; i < pictures_.size() && !picture; ++i) picture = find(pictures_[i]);
    if (!picture) fail<DataError>("no picture; expected a member .{}", joined(pictures_));
    TableRow row;
    row.line = samples_;
    row.image = fmt::format("{}: {}", path_, picture->name);
    row.file = file_;
    row.offset = picture->offset;
    row.bytes = picture->size;
    read_captions(row);
    return row;
  }

  void read_captions(TableRow& row) {
    const Member* described = find("json");
    nlohmann::json object;
    if (described) {
      object = parse_object(text_of(*described));
      names_from_json(object, row);
    }
    for (const std::string& extension : captions_) {
      const Member* member = find(extension);
      if (!member) continue;
      if (extension == "json") {
        if (captions_from_json(object, format_, "", row)) return;
        continue;
      }
      std::string text = text_of(*member);
      text.erase(text.find_last_not_of(" \t\r\n") + 1);
      row.captions = {text};
      return;
    }
    if (!row.label.empty() && format_.caption_key.empty() && format_.captions.empty()) {
      row.captions = {row.label};
      return;
    }
    fail<DataError>("no caption; expected a member .{}", joined(captions_));
  }

  static std::string joined(const std::vector<std::string>& extensions) {
    std::string text;
    for (const std::string& one : extensions) text += (text.empty() ? "" : " or .") + one;
    return text;
  }

  std::string path_;
  const TableFormat& format_;
  TableRows& rows_;
  TarReader reader_;
  std::shared_ptr<const PictureFile> file_;
  std::vector<std::string> pictures_, captions_;
  std::vector<Member> sample_;  // members of one sample
  int64_t samples_ = 0;
};

struct Shard {
  std::optional<TableRows> rows;
  std::vector<TableProblem> problems;
  int64_t samples = 0;
  std::exception_ptr error;
};

}  // namespace

void read_shards(const std::string& path, const TableFormat& format, TableRows& rows,
                 std::vector<TableProblem>* problems) {
  const std::vector<std::string> names = expand_braces(path);
  std::vector<Shard> shards(names.size());
  // In parallel: it is mostly waiting for the disk.
  Threads(names.size() == 1 ? 1 : 0).run(static_cast<int64_t>(names.size()), [&](int64_t i) {
    Shard& shard = shards[i];
    shard.rows.emplace(names[i], problems ? &shard.problems : nullptr);
    try {
      shard.samples = ShardIndex(names[i], format, *shard.rows).read();
    } catch (const DataError& error) {
      if (!problems) shard.error = std::current_exception();
      if (problems) shard.problems.push_back({0, error.what()});
    } catch (...) {
      shard.error = std::current_exception();
    }
  });
  int64_t before = 0;
  for (Shard& shard : shards) {
    if (shard.error) std::rethrow_exception(shard.error);
    for (TableRow& row : shard.rows->rows()) {
      row.line += before;
      rows.add(std::move(row));
    }
    if (problems) problems->insert(problems->end(), shard.problems.begin(), shard.problems.end());
    before += shard.samples;
    shard = Shard();
  }
}

}  // namespace tandem
