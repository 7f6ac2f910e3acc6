// Files that the HDF5 library writes, for a reader that does without it.
#pragma once

#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "train/checkpoint/hdf5.h"
#include "train/hdf5/data_set.h"

#include <functional>
#include <string>
#include <vector>

namespace tandem::test {

// Old and new forms of the format.
inline const std::vector<std::pair<H5F_libver_t, H5F_libver_t>> hdf5_versions{
    {H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST},
    {H5F_LIBVER_V18, H5F_LIBVER_V18},
    {H5F_LIBVER_LATEST, H5F_LIBVER_LATEST}};

inline void write_hdf5(const std::string& path, std::pair<H5F_libver_t, H5F_libver_t> versions,
                       const std::function<void(hid_t file)>& fill) {
  const Hdf5Session session;
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, path, "make a list");
  H5Pset_libver_bounds(access, versions.first, versions.second);
  Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose, path,
                  "create it");
  fill(file);
  hdf5_checked(file.close(), path, "close it");
}

struct Hdf5Storage {
  std::vector<hsize_t> most;   // that axes may grow to; empty: no more than they are
  std::vector<hsize_t> chunk;  // empty: in one piece
  bool deflate = false, shuffle = false, fletcher = false, early = false, compact = false;
};

inline void write_data_set(hid_t file, const std::string& name, hid_t stored, hid_t type,
                           const std::vector<hsize_t>& shape, const void* values,
                           const Hdf5Storage& storage = {}) {
  const int rank = static_cast<int>(shape.size());
  const Hdf5Handle space(
      H5Screate_simple(rank, shape.data(), storage.most.empty() ? nullptr : storage.most.data()),
      H5Sclose, name, "make a shape");
  const Hdf5Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, name, "make a list");
  if (!storage.chunk.empty()) H5Pset_chunk(list, rank, storage.chunk.data());
  if (storage.compact) H5Pset_layout(list, H5D_COMPACT);
  if (storage.shuffle) H5Pset_shuffle(list);
  if (storage.deflate) H5Pset_deflate(list, 6);
  if (storage.fletcher) H5Pset_fletcher32(list);
  if (storage.early) H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY);
  const Hdf5Handle set(
      H5Dcreate2(file, name.c_str(), stored, space, H5P_DEFAULT, list, H5P_DEFAULT), H5Dclose, name,
      "make a data set");
  if (values == nullptr) return;
  hdf5_checked(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name, "write it");
}

// The member of a group.
inline Hdf5Object member(const Hdf5Object& group, const std::string& name) {
  for (const Hdf5Link& link : group.links()) {
    if (link.name == name) return {group.source(), link.address};
  }
  fail<Error>("there is no '{}'", name);
}

}  // namespace tandem::test
