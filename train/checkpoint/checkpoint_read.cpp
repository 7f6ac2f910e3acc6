#include "core/error.h"
#include "train/checkpoint/checkpoint.h"
#include "train/checkpoint/hdf5.h"
#include "train/checkpoint/seal.h"

#include <zlib.h>

#include <array>
#include <functional>
#include <span>

namespace tandem {
namespace {

constexpr hsize_t max_members = 1'000'000;  // of a group
constexpr size_t max_name_bytes = 4096;

// Reads a file that has been sealed by us, but still believes little of it.
class Reader {
 public:
  explicit Reader(const std::string& path)
      : path_(path), bytes_left_(InputFile(path).size()), file_(open(path)) {}

  std::map<std::string, std::string> attributes();

  // Calls `each` with every data set below a group, its name relative to it; `depth` is how many
  // levels of groups may lie between.
  using Each = std::function<void(const std::string& name, hid_t data_set)>;
  void walk(const std::string& group, int depth, const Each& each) const {
    const Hdf5Handle opened(H5Gopen2(member(file_, group), group.c_str(), H5P_DEFAULT), H5Gclose,
                            path_, "open the group '" + group + "'");
    walk(opened, "", depth, each);
  }

  NamedTensor tensor(const std::string& name, hid_t data_set);
  int64_t number(const std::string& name, hid_t data_set);

 private:
  static Hdf5Handle open(const std::string& path) {
    Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, path, "make a property list");
    hdf5_checked(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), path, "set a property");
    return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose, path, "read it as HDF5"};
  }

  // The group, after checking that its member is there by a hard link, not by a name in this or
  // another file.
  hid_t member(hid_t group, const std::string& name) const {
    H5L_info_t info{};
    if (H5Lget_info(group, name.c_str(), &info, H5P_DEFAULT) < 0) {
      fail<CheckpointError>("{}: lacks '{}', so it is not a whole checkpoint.", path_, name);
    }
    if (info.type != H5L_TYPE_HARD) {
      fail<CheckpointError>("{}: '{}' is a soft or external link; links are refused.", path_, name);
    }
    return group;
  }

  void walk(hid_t group, const std::string& prefix, int depth, const Each& each) const;
  std::string name_of_member(hid_t group, H5_index_t order, hsize_t index) const;
  std::string text_attribute(hid_t attribute, const std::string& name);
  void check_version(hid_t attribute) const;
  void check_attribute(hid_t attribute, const std::string& name, hid_t type) const;
  Shape shape_of(const std::string& name, hid_t data_set) const;
  void read(const std::string& name, hid_t data_set, hid_t type, std::span<std::byte> to);
  void check_storage(const std::string& name, hid_t data_set, hid_t type, uint64_t bytes);

  [[noreturn]] void refuse(const std::string& name, const std::string& what) const {
    fail<CheckpointError>("{}: '{}' {}.", path_, name, what);
  }

  const std::string& path_;
  uint64_t bytes_left_;  // that attributes and data sets may still have together
  Hdf5Handle file_;
};

std::string Reader::name_of_member(hid_t group, H5_index_t order, hsize_t index) const {
  std::array<char, max_name_bytes> name{};
  const ssize_t length = hdf5_checked(H5Lget_name_by_idx(group, ".", order, H5_ITER_INC, index,
                                                         name.data(), name.size(), H5P_DEFAULT),
                                      path_, "read a member's name");
  if (length == 0 || static_cast<size_t>(length) >= name.size()) {
    fail<CheckpointError>("{}: a member's name has {} bytes; from 1 to {} are supported.", path_,
                          length, name.size() - 1);
  }
  return {name.data(), static_cast<size_t>(length)};
}

void Reader::walk(hid_t group, const std::string& prefix, int depth, const Each& each) const {
  H5G_info_t info{};
  hdf5_checked(H5Gget_info(group, &info), path_, "look into a group");
  if (info.nlinks > max_members) refuse(prefix, "has too many members");
  const Hdf5Handle list(H5Gget_create_plist(group), H5Pclose, path_, "look into a group");
  unsigned order = 0;
  hdf5_checked(H5Pget_link_creation_order(list, &order), path_, "look into a group");
  const auto index = (order & H5P_CRT_ORDER_INDEXED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const std::string name = name_of_member(group, index, i);
    const std::string full = prefix + name;
    const Hdf5Handle object(H5Oopen(member(group, name), name.c_str(), H5P_DEFAULT), H5Oclose,
                            path_, "open '" + full + "'");
    const H5I_type_t type = H5Iget_type(object);
    if (type == H5I_DATASET) {
      each(full, object);
    } else if (type == H5I_GROUP && depth > 0) {
      walk(object, full + "/", depth - 1, each);
    } else {
      refuse(full, "is not a data set");
    }
  }
}

std::string Reader::text_attribute(hid_t attribute, const std::string& name) {
  const Hdf5Handle type(H5Aget_type(attribute), H5Tclose, path_, "read an attribute's type");
  const Hdf5Handle space(H5Aget_space(attribute), H5Sclose, path_, "read an attribute's shape");
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0 ||
      H5Sget_simple_extent_npoints(space) != 1) {
    refuse(name, "is an attribute that is not one text of fixed length");
  }
  const size_t size = H5Tget_size(type);
  if (size > bytes_left_) refuse(name, "claims to be longer than the file");
  bytes_left_ -= size;
  std::string text(size, '\0');
  hdf5_checked(H5Aread(attribute, type, text.data()), path_, "read the attribute '" + name + "'");
  const size_t last = text.find_last_not_of('\0');
  text.resize(last == std::string::npos ? 0 : last + 1);
  return text;
}

herr_t collect_name(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

std::map<std::string, std::string> Reader::attributes() {
  std::vector<std::string> names;
  hdf5_checked(H5Aiterate2(file_, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_name, &names), path_,
               "list its attributes");
  std::map<std::string, std::string> attributes;
  for (const std::string& name : names) {
    const Hdf5Handle attribute(H5Aopen(file_, name.c_str(), H5P_DEFAULT), H5Aclose, path_,
                               "open the attribute '" + name + "'");
    if (name == "format_version") {
      check_version(attribute);
    } else {
      attributes.emplace(name, text_attribute(attribute, name));
    }
  }
  if (attributes["format"] != "tandem-checkpoint") {
    fail<CheckpointError>("{}: is an HDF5 file, but not a checkpoint of Tandem.", path_);
  }
  attributes.erase("format");
  return attributes;
}

void Reader::check_version(hid_t attribute) const {
  check_attribute(attribute, "format_version", H5T_STD_I64LE);
  int64_t version = 0;
  hdf5_checked(H5Aread(attribute, H5T_NATIVE_INT64, &version), path_, "read its version");
  if (version == 1) return;
  fail<CheckpointError>("{}: is of format version {}; this Tandem knows version 1.", path_,
                        version);
}

// Refuses an attribute that is not one value of a type.
void Reader::check_attribute(hid_t attribute, const std::string& name, hid_t type) const {
  const Hdf5Handle stored(H5Aget_type(attribute), H5Tclose, path_, "read a type");
  const Hdf5Handle space(H5Aget_space(attribute), H5Sclose, path_, "read a shape");
  if (H5Tequal(stored, type) <= 0 || H5Sget_simple_extent_npoints(space) != 1) {
    refuse(name, "is an attribute of another type than was expected");
  }
}

Shape Reader::shape_of(const std::string& name, hid_t data_set) const {
  const Hdf5Handle space(H5Dget_space(data_set), H5Sclose, path_, "read a shape");
  const int rank = H5Sget_simple_extent_ndims(space);
  const H5S_class_t kind = H5Sget_simple_extent_type(space);
  if (rank < 0 || rank > Shape::max_rank || (kind != H5S_SCALAR && kind != H5S_SIMPLE)) {
    refuse(name,
           fmt::format("has a shape of {} axes; up to {} are supported", rank, Shape::max_rank));
  }
  std::array<hsize_t, Shape::max_rank> lengths{};
  hdf5_checked(H5Sget_simple_extent_dims(space, lengths.data(), nullptr), path_, "read a shape");
  std::vector<int64_t> axes;
  uint64_t most = bytes_left_;  // no element is smaller than a byte
  for (int i = 0; i < rank; ++i) {
    const hsize_t length = lengths[static_cast<size_t>(i)];
    if (length == 0 || length > most) refuse(name, "claims a shape that the file has no room for");
    most /= length;
    axes.push_back(static_cast<int64_t>(length));
  }
  return Shape(axes);
}

// The bytes must lie in this file, as they are, and be as many as the shape says.
void Reader::check_storage(const std::string& name, hid_t data_set, hid_t type, uint64_t bytes) {
  const Hdf5Handle list(H5Dget_create_plist(data_set), H5Pclose, path_, "look at '" + name + "'");
  const H5D_layout_t layout = H5Pget_layout(list);
  if (layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) {
    refuse(name, "is not stored in one piece");
  }
  if (H5Pget_external_count(list) != 0) refuse(name, "lies in another file; that is refused");
  if (H5Pget_nfilters(list) != 0) refuse(name, "is compressed or filtered; that is not supported");
  const Hdf5Handle stored(H5Dget_type(data_set), H5Tclose, path_, "read a type");
  if (H5Tequal(stored, type) <= 0) refuse(name, "has another element type than was expected");
  if (H5Dget_storage_size(data_set) != bytes || bytes > bytes_left_) {
    refuse(name, fmt::format("has not the {} bytes that its shape needs", bytes));
  }
  bytes_left_ -= bytes;
}

void Reader::read(const std::string& name, hid_t data_set, hid_t type, std::span<std::byte> to) {
  hdf5_checked(H5Dread(data_set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to.data()), path_,
               "read '" + name + "'");
  const Hdf5Handle attribute(H5Aopen(data_set, "crc32", H5P_DEFAULT), H5Aclose, path_,
                             "find the checksum of '" + name + "'");
  check_attribute(attribute, "crc32", H5T_STD_U32LE);
  uint32_t expected = 0;
  hdf5_checked(H5Aread(attribute, H5T_NATIVE_UINT32, &expected), path_, "read a checksum");
  const auto crc =
      static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(to.data()), to.size()));
  if (crc != expected) {
    refuse(name, fmt::format("is damaged: its checksum is {:08x}, not {:08x}", crc, expected));
  }
}

NamedTensor Reader::tensor(const std::string& name, hid_t data_set) {
  const Shape shape = shape_of(name, data_set);
  const auto count = static_cast<size_t>(shape.elements());
  check_storage(name, data_set, H5T_IEEE_F32LE, count * sizeof(float));
  NamedTensor tensor{name, shape, std::vector<float>(count)};
  read(name, data_set, H5T_IEEE_F32LE, std::as_writable_bytes(std::span(tensor.values)));
  return tensor;
}

int64_t Reader::number(const std::string& name, hid_t data_set) {
  if (shape_of(name, data_set) != Shape{}) refuse(name, "is not one number");
  check_storage(name, data_set, H5T_STD_I64LE, sizeof(int64_t));
  int64_t value = 0;
  read(name, data_set, H5T_STD_I64LE, std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

// Gives every tensor to `take` ("model" or "optimizer", tensor), one after the other.
using Take = std::function<void(const std::string& group, NamedTensor tensor)>;

Checkpoint read_into(const std::string& path, bool with_optimizer, const Take& take) {
  check_seal(path);
  const Hdf5Session session;
  Reader reader(path);
  Checkpoint checkpoint;
  checkpoint.attributes = reader.attributes();
  reader.walk("model", 0,
              [&](const std::string& name, hid_t set) { take("model", reader.tensor(name, set)); });
  if (with_optimizer) {
    reader.walk("optimizer", 1, [&](const std::string& name, hid_t set) {
      take("optimizer", reader.tensor(name, set));
    });
  }
  reader.walk("state", 0, [&](const std::string& name, hid_t set) {
    checkpoint.state.emplace(name, reader.number(name, set));
  });
  return checkpoint;
}

Checkpoint read(const std::string& path, bool with_optimizer) {
  std::vector<NamedTensor> model;
  std::vector<NamedTensor> optimizer;
  Checkpoint checkpoint =
      read_into(path, with_optimizer, [&](const std::string& group, NamedTensor tensor) {
        (group == "model" ? model : optimizer).push_back(std::move(tensor));
      });
  checkpoint.model = std::move(model);
  checkpoint.optimizer = std::move(optimizer);
  return checkpoint;
}

}  // namespace

Checkpoint read_checkpoint(const std::string& path) { return read(path, true); }

Checkpoint read_checkpoint_model(const std::string& path) { return read(path, false); }

void verify_checkpoint(const std::string& path) {
  read_into(path, true, [](const std::string&, NamedTensor) {});
}

}  // namespace tandem
