// Lets the HDF5 library write through an OutputFile. The library's own file driver can't be left
// in a sane state after a failed write (disk full): closing fails too, and it may abort when the
// program ends. This one takes every write, keeps the first error, and leaves the rest to us.
#pragma once

#include "train/checkpoint/hdf5.h"

#include <exception>

namespace tandem {

// What the driver writes to; must outlive the HDF5 file.
struct Hdf5Output {
  OutputFile* file = nullptr;
  std::exception_ptr error;  // the first one; after it nothing is written
};

// Makes a file access property list use this driver for `output`.
void set_output(hid_t access, Hdf5Output& output);

}  // namespace tandem
