#include "train/features/feature_writer.h"

#include "train/checkpoint/hdf5_output.h"

#include <array>
#include <optional>

namespace tandem {

class FeatureWriter::File {
 public:
  explicit File(const std::string& path)
      : path_(path), beside_(path + ".unfinished"), output_(beside_.path()) {
    driver_.file = &output_;
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, path, "make a property list");
    set_output(access, driver_);
    file_.emplace(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose, path,
                  "create it");
    text_type_.emplace(H5Tcopy(H5T_C_S1), H5Tclose, path, "make a text type");
    hdf5_checked(H5Tset_size(*text_type_, H5T_VARIABLE), path, "make a text type");
    hdf5_checked(H5Tset_cset(*text_type_, H5T_CSET_UTF8), path, "make a text type");
  }

  void attribute(const std::string& name, const std::string& text) {
    const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose, path_, "write an attribute");
    const Hdf5Handle made(
        H5Acreate2(*file_, name.c_str(), *text_type_, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
        path_, "write an attribute");
    const char* const value = text.c_str();
    checked(H5Awrite(made, *text_type_, &value), name);
  }

  hid_t text_type() const { return *text_type_; }

  Hdf5Handle create(const std::string& name, hid_t type, std::span<const hsize_t> shape) {
    const std::string what = "write '" + name + "'";
    const Hdf5Handle space(
        H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose, path_,
        what);
    return {H5Dcreate2(*file_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
            H5Dclose, path_, what};
  }

  void write_all(const std::string& name, hid_t stored, hid_t type, size_t count,
                 const void* values) {
    const std::array<hsize_t, 1> shape{count};
    const Hdf5Handle set = create(name, stored, shape);
    checked(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
  }

  void begin_rows(const std::string& name, int64_t rows, int64_t width) {
    const std::array<hsize_t, 2> shape{static_cast<hsize_t>(rows), static_cast<hsize_t>(width)};
    rows_.reset();
    rows_.emplace(create(name, H5T_IEEE_F32LE, shape));
    width_ = shape[1];
    written_ = 0;
  }

  void append(std::span<const float> values) {
    const std::array<hsize_t, 2> start{written_, 0}, shape{values.size() / width_, width_};
    const Hdf5Handle to(H5Dget_space(*rows_), H5Sclose, path_, "write rows");
    const Hdf5Handle memory(H5Screate_simple(2, shape.data(), nullptr), H5Sclose, path_,
                            "write rows");
    checked(H5Sselect_hyperslab(to, H5S_SELECT_SET, start.data(), nullptr, shape.data(), nullptr),
            "rows");
    checked(H5Dwrite(*rows_, H5T_NATIVE_FLOAT, memory, to, H5P_DEFAULT, values.data()), "rows");
    written_ += shape[0];
  }

  void finish() {
    rows_.reset();
    checked(file_->close(), "the end");
    replace_file(beside_.path(), path_);
  }

  void checked(herr_t result, const std::string& name) {
    if (driver_.error) std::rethrow_exception(driver_.error);
    hdf5_checked(result, path_, "write '" + name + "'");
  }

 private:
  std::string path_;
  TemporaryFile beside_;
  OutputFile output_;
  Hdf5Output driver_;
  std::optional<Hdf5Handle> file_, text_type_, rows_;
  hsize_t width_ = 0, written_ = 0;
};

FeatureWriter::FeatureWriter(const std::string& path) {
  const Hdf5Session session;
  file_ = std::make_unique<File>(path);
}

FeatureWriter::~FeatureWriter() {
  const Hdf5Session session;
  file_.reset();
}

void FeatureWriter::attribute(const std::string& name, const std::string& text) {
  const Hdf5Session session;
  file_->attribute(name, text);
}

void FeatureWriter::texts(const std::string& name, const std::vector<std::string>& values) {
  if (values.empty()) return;
  const Hdf5Session session;
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  file_->write_all(name, file_->text_type(), file_->text_type(), pointers.size(), pointers.data());
}

void FeatureWriter::integers(const std::string& name, const std::vector<int32_t>& values) {
  if (values.empty()) return;
  const Hdf5Session session;
  file_->write_all(name, H5T_STD_I32LE, H5T_NATIVE_INT32, values.size(), values.data());
}

void FeatureWriter::begin_rows(const std::string& name, int64_t rows, int64_t width) {
  const Hdf5Session session;
  file_->begin_rows(name, rows, width);
}

void FeatureWriter::append(std::span<const float> values) {
  const Hdf5Session session;
  file_->append(values);
}

void FeatureWriter::finish() {
  const Hdf5Session session;
  file_->finish();
}

}  // namespace tandem
