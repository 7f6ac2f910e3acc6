#include "train/features/feature_file.h"

#include "core/error.h"
#include "train/checkpoint/hdf5.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

namespace tandem {
namespace {

constexpr std::array known_names{"image_features",      "labels",        "split",
                                 "class_names",         "text_features", "caption_image",
                                 "class_text_features"};

// deflate makes nothing smaller than by this factor.
constexpr hsize_t largest_ratio = 1032;

Hdf5Handle open_file(const std::string& path) {
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, path, "make a property list");
  hdf5_checked(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), path, "set a property");
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose, path, "read it as HDF5"};
}

}  // namespace

// The open file. Its data sets are opened for each read, and closed before the session ends.
class FeatureFile::Content {
 public:
  Content(const std::string& path, FeatureNames names) : path_(path), names_(std::move(names)) {
    const Hdf5Session session;
    file_.emplace(open_file(path));
  }
  ~Content() {
    const Hdf5Session session;
    file_.reset();
  }

  std::string in_file(const std::string& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? name : found->second;
  }
  std::string described(const std::string& name) const { return path_ + ": " + in_file(name); }
  const std::string& path() const { return path_; }

  bool has(const std::string& name) const {
    const Hdf5Session session;
    return H5Oexists_by_name(*file_, in_file(name).c_str(), H5P_DEFAULT) > 0;
  }

  // The data set, after checking that what it holds lies in this file.
  Hdf5Handle open(const std::string& name, H5T_class_t kind, int axes) const;
  std::vector<hsize_t> lengths(hid_t set) const;

  [[noreturn]] void refuse(const std::string& name, const std::string& what) const {
    fail<DataError>("{} {}.", described(name), what);
  }

 private:
  std::string path_;
  FeatureNames names_;
  std::optional<Hdf5Handle> file_;
};

std::vector<hsize_t> FeatureFile::Content::lengths(hid_t set) const {
  const Hdf5Handle space(H5Dget_space(set), H5Sclose, path_, "read a shape");
  const int rank = hdf5_checked(H5Sget_simple_extent_ndims(space), path_, "read a shape");
  std::vector<hsize_t> lengths(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space, lengths.data(), nullptr);
  return lengths;
}

Hdf5Handle FeatureFile::Content::open(const std::string& name, H5T_class_t kind, int axes) const {
  if (!has(name)) refuse(name, "is not there; --name " + name + "=DATASET says what it is called");
  H5L_info_t link{};
  const std::string place = in_file(name);
  hdf5_checked(H5Lget_info(*file_, place.c_str(), &link, H5P_DEFAULT), path_,
               "find '" + place + "'");
  if (link.type != H5L_TYPE_HARD) refuse(name, "is a link; links are refused");
  Hdf5Handle set(H5Dopen2(*file_, place.c_str(), H5P_DEFAULT), H5Dclose, path_,
                 "open '" + place + "'");
  const Hdf5Handle type(H5Dget_type(set), H5Tclose, path_, "read a type");
  const char* const wanted = kind == H5T_FLOAT    ? "floats"
                             : kind == H5T_STRING ? "texts"
                                                  : "integers";
  const std::vector<hsize_t> shape = lengths(set);
  if (H5Tget_class(type) != kind || static_cast<int>(shape.size()) != axes) {
    refuse(name, fmt::format("is not a data set of {} with {}", wanted,
                             axes == 1 ? "one axis" : "two axes"));
  }
  const Hdf5Handle list(H5Dget_create_plist(set), H5Pclose, path_, "look at '" + place + "'");
  if (H5Pget_layout(list) == H5D_VIRTUAL || H5Pget_external_count(list) != 0) {
    refuse(name, "lies in another file; that is refused");
  }
  hsize_t room = H5Dget_storage_size(set) * largest_ratio / std::max<size_t>(1, H5Tget_size(type));
  for (const hsize_t length : shape) {
    if (length == 0 || length > room) {
      refuse(name, fmt::format("has the shape [{}], which the file has no values for",
                               fmt::join(shape, ", ")));
    }
    room /= length;
  }
  return set;
}

namespace {

// Rows of a data set, read by runs of neighbours.
class FileRows : public FeatureRows {
 public:
  FileRows(std::shared_ptr<const FeatureFile::Content> content, std::string name)
      : content_(std::move(content)), name_(std::move(name)) {
    const Hdf5Session session;
    const std::vector<hsize_t> shape = content_->lengths(content_->open(name_, H5T_FLOAT, 2));
    rows_ = static_cast<int64_t>(shape[0]);
    width_ = static_cast<int64_t>(shape[1]);
  }

  int64_t rows() const override { return rows_; }
  int64_t width() const override { return width_; }

 private:
  std::string name() const override { return content_->described(name_); }

  void copy(std::span<const int64_t> indices, std::span<float> out) const override {
    const Hdf5Session session;
    const Hdf5Handle set = content_->open(name_, H5T_FLOAT, 2);
    for (size_t begin = 0, end = 0; begin < indices.size(); begin = end) {
      for (end = begin + 1; end < indices.size() && indices[end] == indices[end - 1] + 1;) ++end;
      read_run(set, indices[begin], static_cast<int64_t>(end - begin),
               out.data() + static_cast<int64_t>(begin) * width_);
    }
  }

  void read_run(hid_t set, int64_t first, int64_t count, float* to) const {
    const std::string& path = content_->path();
    const std::array<hsize_t, 2> start{static_cast<hsize_t>(first), 0};
    const std::array<hsize_t, 2> shape{static_cast<hsize_t>(count), static_cast<hsize_t>(width_)};
    const Hdf5Handle from(H5Dget_space(set), H5Sclose, path, "read a shape");
    const Hdf5Handle memory(H5Screate_simple(2, shape.data(), nullptr), H5Sclose, path,
                            "make a shape");
    hdf5_checked(H5Sselect_hyperslab(from, H5S_SELECT_SET, start.data(), nullptr, shape.data(),
                                     nullptr),
                 path, "choose rows");
    hdf5_checked(H5Dread(set, H5T_NATIVE_FLOAT, memory, from, H5P_DEFAULT, to), path,
                 "read '" + content_->in_file(name_) + "'");
  }

  std::shared_ptr<const FeatureFile::Content> content_;
  std::string name_;
  int64_t rows_ = 0;
  int64_t width_ = 0;
};

}  // namespace

FeatureFile::FeatureFile(const std::string& path, FeatureNames names) {
  for (const auto& [name, place] : names) {
    if (std::find(known_names.begin(), known_names.end(), name) != known_names.end()) continue;
    fail<ConfigError>("--name: there is no '{}'; the names are {}.", name,
                      fmt::join(known_names, ", "));
  }
  content_ = std::make_shared<Content>(path, std::move(names));
}

bool FeatureFile::has(const std::string& name) const { return content_->has(name); }

std::string FeatureFile::described(const std::string& name) const {
  return content_->described(name);
}

std::shared_ptr<const FeatureRows> FeatureFile::rows(const std::string& name) const {
  return std::make_shared<FileRows>(content_, name);
}

std::vector<int32_t> FeatureFile::integers(const std::string& name) const {
  const Hdf5Session session;
  const Hdf5Handle set = content_->open(name, H5T_INTEGER, 1);
  std::vector<int64_t> wide(content_->lengths(set)[0]);
  hdf5_checked(H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, wide.data()),
               content_->path(), "read '" + content_->in_file(name) + "'");
  for (size_t i = 0; i < wide.size(); ++i) {
    if (wide[i] == static_cast<int32_t>(wide[i])) continue;
    content_->refuse(
        name, fmt::format("has the value {} in row {}, which is out of range", wide[i], i));
  }
  return {wide.begin(), wide.end()};
}

std::vector<std::string> FeatureFile::texts(const std::string& name) const {
  const Hdf5Session session;
  const std::string& path = content_->path();
  const std::string what = "read '" + content_->in_file(name) + "'";
  const Hdf5Handle set = content_->open(name, H5T_STRING, 1);
  const Hdf5Handle type(H5Dget_type(set), H5Tclose, path, what);
  const hsize_t count = content_->lengths(set)[0];
  std::vector<std::string> texts;
  if (H5Tis_variable_str(type) > 0) {
    const Hdf5Handle space(H5Dget_space(set), H5Sclose, path, what);
    std::vector<char*> pointers(count);
    hdf5_checked(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), path, what);
    for (const char* text : pointers) texts.emplace_back(text == nullptr ? "" : text);
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
    return texts;
  }
  const size_t size = H5Tget_size(type);
  std::string all(count * size, '\0');
  hdf5_checked(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()), path, what);
  for (size_t i = 0; i < count; ++i) {
    const std::string text = all.substr(i * size, size);
    texts.push_back(text.substr(0, text.find('\0')));
  }
  return texts;
}

bool is_feature_file(const std::string& path) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) return false;
  const Hdf5Session session;
  if (H5Fis_hdf5(path.c_str()) <= 0) return false;
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (id < 0) return false;  // damaged: reading it as a checkpoint says how
  const Hdf5Handle file(id, H5Fclose, path, "read it as HDF5");
  return H5Lexists(file, "model", H5P_DEFAULT) <= 0;
}

}  // namespace tandem
