// IDX files (LeCun, Cortes & Burges, "The MNIST database of handwritten digits"), plain or gzipped:
// grey pictures in one file, a label of each in another.
//   pictures  00 00 08 03, then number, height and width as big-endian 32-bit, then a byte a pixel
//   labels    00 00 08 01, then number, then a byte each
#include "train/data/image.h"
#include "train/data/png.h"
#include "train/data/regular_file.h"
#include "train/data/table_rows.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace tandem {
namespace {

constexpr int64_t most_bytes = int64_t{1} << 30;  // unpacked
constexpr int64_t most_pictures = 1 << 22;

class GzipFile {
 public:
  explicit GzipFile(const std::string& path) : path_(path) {
    require_regular_file<DataError>(path);
    file_ = gzopen(path.c_str(), "rb");
    if (!file_) fail<DataError>("{}: can't be opened; check its path.", path);
  }
  ~GzipFile() { gzclose(file_); }
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;

  // Up to `count` bytes, fewer at the end.
  std::vector<uint8_t> read(int64_t count) {
    constexpr int64_t step = 1 << 20;  // a header that lies costs no memory
    std::vector<uint8_t> bytes;
    while (static_cast<int64_t>(bytes.size()) < count) {
      const size_t before = bytes.size();
      const int64_t wanted = std::min(step, count - static_cast<int64_t>(before));
      bytes.resize(before + wanted);
      const int got = gzread(file_, bytes.data() + before, static_cast<unsigned>(wanted));
      int error = Z_OK;
      const char* reason = gzerror(file_, &error);
      if (got < 0 || error == Z_BUF_ERROR) {
        fail<DataError>("{}: can't be unpacked: {}.", path_, reason);
      }
      bytes.resize(before + got);
      if (got == 0) break;
    }
    return bytes;
  }

 private:
  std::string path_;
  gzFile file_ = nullptr;
};

struct Idx {
  std::array<int64_t, 3> sizes{1, 1, 1};
  std::vector<uint8_t> values;
};

Idx read_idx_file(const std::string& path, size_t axes) {
  GzipFile file(path);
  const std::vector<uint8_t> header = file.read(4 + 4 * static_cast<int64_t>(axes));
  const std::array<uint8_t, 4> magic{0, 0, 8, static_cast<uint8_t>(axes)};
  if (header.size() != 4 + 4 * axes || !std::equal(magic.begin(), magic.end(), header.begin())) {
    fail<DataError>("{}: not an IDX file of bytes with {} {}.", path, axes,
                    axes == 1 ? "axis" : "axes");
  }
  Idx idx;
  int64_t count = 1;
  for (size_t axis = 0; axis < axes; ++axis) {
    const uint8_t* bytes = header.data() + 4 + 4 * axis;
    const int64_t size = int64_t{bytes[0]} << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    if (size < 1 || size > most_bytes / count || (axis == 0 && size > most_pictures)) {
      fail<DataError>("{}: axis {} has size {}; expected 1 to {} pictures and 1 GiB in all.", path,
                      axis + 1, size, most_pictures);
    }
    idx.sizes[axis] = size;
    count *= size;
  }
  idx.values = file.read(count);
  const auto found = static_cast<int64_t>(idx.values.size());
  if (found < count) {
    fail<DataError>("{}: its header says {} bytes, but there are {}; it was cut.", path, count,
                    found);
  }
  if (!file.read(1).empty()) {
    fail<DataError>("{}: there are more bytes than the {} that its header says.", path, count);
  }
  return idx;
}

// Pictures of one size, kept in memory.
class IdxPictures : public PictureFile {
 public:
  explicit IdxPictures(Idx pictures) : pictures_(std::move(pictures)) {}

  std::vector<uint8_t> read(int64_t offset, int64_t bytes, const std::string&) const override {
    Image image{pictures_.sizes[2], pictures_.sizes[1], {}};
    for (int64_t i = offset; i < offset + bytes; ++i) {
      image.rgb.insert(image.rgb.end(), 3, pictures_.values[i]);
    }
    const std::string png = png_bytes(image);
    return {png.begin(), png.end()};
  }

 private:
  Idx pictures_;
};

// "train-images-idx3-ubyte.gz" has its labels in "train-labels-idx1-ubyte.gz".
std::string labels_path(const std::string& path) {
  const std::filesystem::path place = path;
  std::string labels = place.filename().string();
  const size_t images = labels.rfind("images");
  if (images == std::string::npos) {
    fail<ConfigError>("{}: expected a name with 'images', as in train-images-idx3-ubyte.gz.", path);
  }
  labels.replace(images, 6, "labels");
  labels.replace(labels.rfind("idx3"), 4, "idx1");
  return (place.parent_path() / labels).string();
}

}  // namespace

void read_idx(const std::string& path, const TableFormat& format, TableRows& rows) {
  const std::vector<std::string> names = class_names(format);
  const std::string labels_file = labels_path(path);
  const Idx labels = read_idx_file(labels_file, 1);
  Idx idx = read_idx_file(path, 3);
  const int64_t pictures = idx.sizes[0], bytes = idx.sizes[1] * idx.sizes[2];
  if (labels.sizes[0] != pictures) {
    fail<DataError>("{}: it has {} labels, but {} has {} pictures.", labels_file, labels.sizes[0],
                    path, pictures);
  }
  const auto file = std::make_shared<IdxPictures>(std::move(idx));
  for (int64_t i = 0; i < pictures; ++i) {
    const size_t label = labels.values[i];
    const std::string number = std::to_string(label);
    if (!names.empty() && label >= names.size()) {
      rows.refuse(i + 1, fmt::format("label {}, but {} has {} names", label, format.class_names,
                                     names.size()));
      continue;
    }
    TableRow row{.line = i + 1, .image = fmt::format("{}: picture {}", path, i + 1), .file = file};
    row.offset = i * bytes;
    row.bytes = bytes;
    row.label = names.empty() ? number : names[label];
    row.captions = {class_caption(format, row.label)};
    row.group = number;
    rows.add(std::move(row));
  }
}

}  // namespace tandem
