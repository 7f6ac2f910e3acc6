#include "train/checkpoint/hdf5_output.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

namespace tandem {
namespace {

// The library knows it by its first member.
struct DriverFile {
  H5FD_t base;
  Hdf5Output* output;
  haddr_t end_of_addresses;
  haddr_t end_of_file;
};

DriverFile* of(H5FD_t* file) { return reinterpret_cast<DriverFile*>(file); }
const DriverFile* of(const H5FD_t* file) { return reinterpret_cast<const DriverFile*>(file); }

// Exceptions must not cross the library's frames.
template <class Action>
herr_t guarded(Hdf5Output& output, Action action) {
  if (output.error) return 0;
  try {
    action(*output.file);
  } catch (...) {
    output.error = std::current_exception();
  }
  return 0;
}

H5FD_t* open_file(const char*, unsigned, hid_t access, haddr_t) {
  const void* info = H5Pget_driver_info(access);
  if (info == nullptr) return nullptr;
  auto file = std::make_unique<DriverFile>();
  *file = {};
  std::memcpy(&file->output, info, sizeof file->output);
  return &file.release()->base;
}

herr_t close_file(H5FD_t* file) {
  delete of(file);
  return 0;
}

herr_t query(const H5FD_t*, unsigned long* flags) {
  if (flags != nullptr) {
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA;
  }
  return 0;
}

haddr_t get_eoa(const H5FD_t* file, H5FD_mem_t) { return of(file)->end_of_addresses; }

herr_t set_eoa(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  of(file)->end_of_addresses = address;
  return 0;
}

haddr_t get_eof(const H5FD_t* file, H5FD_mem_t) { return of(file)->end_of_file; }

herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
  std::memset(buffer, 0, size);
  return guarded(*of(file)->output, [&](OutputFile& output) {
    output.read_at(address, {static_cast<std::byte*>(buffer), size});
  });
}

herr_t write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, const void* buffer) {
  of(file)->end_of_file = std::max<haddr_t>(of(file)->end_of_file, address + size);
  return guarded(*of(file)->output, [&](OutputFile& output) {
    output.write_at(address, {static_cast<const std::byte*>(buffer), size});
  });
}

herr_t truncate(H5FD_t* file, hid_t, hbool_t) {
  of(file)->end_of_file = of(file)->end_of_addresses;
  return guarded(*of(file)->output,
                 [&](OutputFile& output) { output.resize(of(file)->end_of_addresses); });
}

hid_t driver() {
  static const hid_t id = [] {
    static H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 0)
    driver.version = H5FD_CLASS_VERSION;
    driver.value = static_cast<H5FD_class_value_t>(600);  // outside the library's reserved ones
#endif
    driver.name = "tandem output";
    driver.maxaddr = static_cast<haddr_t>(std::numeric_limits<int64_t>::max());
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.fapl_size = sizeof(Hdf5Output*);
    driver.open = open_file;
    driver.close = close_file;
    driver.query = query;
    driver.get_eoa = get_eoa;
    driver.set_eoa = set_eoa;
    driver.get_eof = get_eof;
    driver.read = read;
    driver.write = write;
    driver.truncate = truncate;
    return H5FDregister(&driver);
  }();
  return id;
}

}  // namespace

void set_output(hid_t access, Hdf5Output& output) {
  Hdf5Output* const info = &output;
  const std::string& path = output.file->path();
  hdf5_checked(H5Pset_driver(access, hdf5_checked(driver(), path, "register its driver"), &info),
               path, "choose its driver");
}

}  // namespace tandem
