#include "core/error.h"
#include "train/checkpoint/checkpoint.h"
#include "train/checkpoint/hdf5_output.h"
#include "train/checkpoint/seal.h"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <span>

namespace tandem {
namespace {

// Writes the groups and data sets of one file.
class Writer {
 public:
  Writer(Hdf5Output& output, const std::string& path) : path_(path), file_(create(output, path)) {}

  void text_attribute(const std::string& name, const std::string& value) {
    Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, path_, "make a text type");
    checked(H5Tset_size(type, std::max<size_t>(1, value.size())), "size a text type");
    checked(H5Tset_strpad(type, H5T_STR_NULLPAD), "pad a text type");
    checked(H5Tset_cset(type, H5T_CSET_UTF8), "set a text type's encoding");
    attribute(file_, name, type, value.empty() ? "" : value.data());
  }

  void number_attribute(const std::string& name, int64_t value) {
    attribute(file_, name, H5T_STD_I64LE, &value);
  }

  // A group whose members keep their order.
  Hdf5Handle group(hid_t parent, const std::string& name) {
    Hdf5Handle list(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, path_, "make a property list");
    checked(H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
            "keep an order");
    checked(H5Pset_obj_track_times(list, false), "leave out times");
    return {H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, list, H5P_DEFAULT), H5Gclose, path_,
            "create the group '" + name + "'"};
  }

  hid_t root() const { return file_; }

  void data_set(hid_t parent, const std::string& name, const Shape& shape, hid_t type,
                std::span<const std::byte> bytes) {
    const std::string what = "write '" + name + "'";
    std::vector<hsize_t> axes(shape.axes().begin(), shape.axes().end());
    Hdf5Handle space(
        axes.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(shape.rank(), axes.data(), nullptr),
        H5Sclose, path_, what);
    Hdf5Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, path_, what);
    checked(H5Pset_obj_track_times(list, false), what);
    checked(H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY), what);
    checked(H5Pset_fill_time(list, H5D_FILL_TIME_NEVER), what);
    Hdf5Handle set(H5Dcreate2(parent, name.c_str(), type, space, H5P_DEFAULT, list, H5P_DEFAULT),
                   H5Dclose, path_, what);
    checked(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), what);
    const auto crc = static_cast<uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
    attribute(set, "crc32", H5T_STD_U32LE, &crc);
  }

  void close() { checked(file_.close(), "close it"); }

 private:
  static Hdf5Handle create(Hdf5Output& output, const std::string& path) {
    Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, path, "make a property list");
    set_output(access, output);
    // Version 1.8 of the format is the first that has texts of more than 64 KiB as attributes.
    hdf5_checked(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), path,
                 "choose the format");
    Hdf5Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, path, "make a property list");
    hdf5_checked(H5Pset_userblock(creation, seal_bytes), path, "leave room for its seal");
    hdf5_checked(H5Pset_obj_track_times(creation, false), path, "leave out times");
    return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access), H5Fclose, path, "create it"};
  }

  void attribute(hid_t object, const std::string& name, hid_t type, const void* value) {
    const std::string what = "write the attribute '" + name + "'";
    Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose, path_, what);
    Hdf5Handle made(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                    H5Aclose, path_, what);
    checked(H5Awrite(made, type, value), what);
  }

  void checked(herr_t result, const std::string& what) { hdf5_checked(result, path_, what); }

  const std::string& path_;
  Hdf5Handle file_;
};

// Refuses what could not be read back as it is.
void check(const std::string& path, const NamedTensor& tensor, bool nested) {
  const bool bad_name = tensor.name.empty() || tensor.name == "." || tensor.name.front() == '/' ||
                        tensor.name.back() == '/' ||
                        (!nested && tensor.name.find('/') != std::string::npos);
  if (bad_name) fail<CheckpointError>("{}: '{}' can't be a tensor's name.", path, tensor.name);
  if (tensor.values.size() != static_cast<size_t>(tensor.shape.elements())) {
    fail<CheckpointError>("{}: tensor '{}' has {} values; its shape {} needs {}.", path,
                          tensor.name, tensor.values.size(), tensor.shape, tensor.shape.elements());
  }
}

void write_tensors(Writer& writer, const std::string& path, const std::string& group,
                   const std::vector<NamedTensor>& tensors, bool nested) {
  const Hdf5Handle parent = writer.group(writer.root(), group);
  std::map<std::string, Hdf5Handle> inner;  // "m", "v"
  for (const NamedTensor& tensor : tensors) {
    check(path, tensor, nested);
    const size_t slash = tensor.name.find('/');
    hid_t place = parent;
    if (slash != std::string::npos) {
      const std::string name = tensor.name.substr(0, slash);
      auto found = inner.find(name);
      if (found == inner.end()) found = inner.emplace(name, writer.group(parent, name)).first;
      place = found->second;
    }
    const std::string name =
        slash == std::string::npos ? tensor.name : tensor.name.substr(slash + 1);
    if (name.find('/') != std::string::npos) {
      fail<CheckpointError>("{}: '{}' can't be a tensor's name: it has two '/'.", path,
                            tensor.name);
    }
    writer.data_set(place, name, tensor.shape, H5T_IEEE_F32LE,
                    std::as_bytes(std::span(tensor.values)));
  }
}

// The library does not survive memory that runs out inside it, and what is left may not be its
// thread's to have. Throws CheckpointError where there is too little.
void check_memory(const std::string& path) {
  constexpr size_t needed = size_t{64} << 20;
  try {
    std::vector<char> room;
    room.reserve(needed);
  } catch (const std::bad_alloc&) {
    fail<CheckpointError>("{}: the host has no {} MiB of memory left to write it.", path,
                          needed >> 20);
  }
}

void write_content(Hdf5Output& output, const std::string& path, const Checkpoint& checkpoint) {
  const Hdf5Session session;
  Writer writer(output, path);
  writer.text_attribute("format", "tandem-checkpoint");
  writer.number_attribute("format_version", 1);
  for (const auto& [name, text] : checkpoint.attributes) writer.text_attribute(name, text);
  write_tensors(writer, path, "model", checkpoint.model, false);
  write_tensors(writer, path, "optimizer", checkpoint.optimizer, true);
  const Hdf5Handle state = writer.group(writer.root(), "state");
  for (const auto& [name, value] : checkpoint.state) {
    writer.data_set(state, name, {}, H5T_STD_I64LE, std::as_bytes(std::span(&value, 1)));
  }
  writer.close();
}

}  // namespace

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  const TemporaryFile beside(path + ".tmp");
  check_memory(path);
  {
    OutputFile file(beside.path());
    Hdf5Output output{&file, nullptr};
    try {
      write_content(output, beside.path(), checkpoint);
    } catch (const CheckpointError&) {
      if (!output.error) throw;  // else what the library says only follows from it
    }
    if (output.error) std::rethrow_exception(output.error);
    write_seal(file);
    file.flush();
  }
  verify_checkpoint(beside.path());
  replace_file(beside.path(), path);
}

}  // namespace tandem
