// Groups as HDF5 before 1.8, and h5py without libver="latest", stores them: a B-tree of symbol
// tables, with names in a heap (HDF5 File Format Specification, III.A.1, III.B to III.D).
#pragma once

#include "train/hdf5/object.h"

namespace tandem {

// The members that a symbol table message leads to.
std::vector<Hdf5Link> read_old_group(const Hdf5Source& source, std::span<const std::byte> message);

}  // namespace tandem
