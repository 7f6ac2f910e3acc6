// COCO's captions (Chen et al. 2015, "Microsoft COCO Captions"): one JSON document with
//   "images": [{"id": 9, "file_name": "9.jpg", ...}, ...]
//   "annotations": [{"image_id": 9, "caption": "...", ...}, ...]
#include "train/data/json_row.h"
#include "train/data/regular_file.h"
#include "train/data/table_rows.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <unordered_map>

namespace tandem {
namespace {

using nlohmann::json;

constexpr uint64_t most_bytes = uint64_t{2} << 30;

struct Annotation {
  int64_t image = 0;  // its id
  std::string caption;
};

// Takes each object of the two lists as soon as it is read, and forgets it: of the document only
// what a row needs is in memory.
class CocoReader {
 public:
  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key) {
      if (depth == 1) section_ = parsed.get<std::string>();
      return depth != 1 || is_list();
    }
    if (depth > 0 && !is_list()) return false;
    const bool plain = event == json::parse_event_t::value;
    if (depth > 2) return plain;
    if (depth < 2) return true;
    if (event == json::parse_event_t::object_end) take(parsed);
    return event == json::parse_event_t::object_start;
  }

  std::unordered_map<int64_t, size_t> index;  // of an image's id
  std::vector<std::string> files;             // [images]
  std::vector<Annotation> annotations;

 private:
  bool is_list() const { return section_ == "images" || section_ == "annotations"; }

  static int64_t id_of(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_integer()) {
      fail<DataError>("an entry has no {}; expected a whole number", key);
    }
    return found->get<int64_t>();
  }

  static std::string text_of(const json& object, const char* key) {
    if (!object.contains(key)) fail<DataError>("an entry has no {}; expected a string", key);
    return text_field(object, key);
  }

  void take(const json& object) {
    if (section_ == "annotations") {
      annotations.push_back({id_of(object, "image_id"), text_of(object, "caption")});
      return;
    }
    const int64_t id = id_of(object, "id");
    if (!index.emplace(id, files.size()).second) fail<DataError>("two images have the id {}", id);
    files.push_back(text_of(object, "file_name"));
  }

  std::string section_;  // the key of the document in which the parser is
};

CocoReader parse(const std::string& path) {
  require_regular_file<DataError>(path);
  std::error_code code;
  const uint64_t bytes = std::filesystem::file_size(path, code);
  std::ifstream file(path, std::ios::binary);
  if (!file || code) fail<DataError>("{}: the table can't be opened; check its path.", path);
  if (bytes > most_bytes) fail<DataError>("{}: {} bytes; expected at most 2 GiB.", path, bytes);
  CocoReader reader;
  try {
    const json document = json::parse(file, std::ref(reader));
  } catch (const json::exception& error) {
    const std::string what = error.what();  // "[json.exception...] parse error at ...: ..."
    fail<DataError>("{}: broken JSON: {}.", path,
                    what.substr(std::min(what.find("] ") + 2, what.size())));
  } catch (const DataError& error) {
    fail<DataError>("{}: {}.", path, error.what());
  }
  return reader;
}

}  // namespace

void read_coco(const std::string& path, const TableFormat& format, TableRows& rows) {
  CocoReader coco = parse(path);
  std::vector<std::vector<std::string>> captions(coco.files.size());
  for (Annotation& one : coco.annotations) {
    const auto found = coco.index.find(one.image);
    if (found != coco.index.end()) {
      captions[found->second].push_back(std::move(one.caption));
    } else {
      rows.refuse(0, fmt::format("a caption is of image {}, which is not there", one.image));
    }
  }
  const std::string folder = format.image_folder.empty()
                                 ? std::filesystem::path(path).parent_path().string()
                                 : format.image_folder;
  for (size_t i = 0; i < coco.files.size(); ++i) {
    TableRow row{.line = static_cast<int64_t>(i) + 1, .captions = std::move(captions[i])};
    try {
      if (row.captions.empty()) fail<DataError>("{} has no caption", coco.files[i]);
      row.image = rows.picture_path(folder, coco.files[i]);
      rows.add(std::move(row));
    } catch (const DataError& error) {
      rows.refuse(static_cast<int64_t>(i) + 1, error.what());
    }
  }
}

}  // namespace tandem
