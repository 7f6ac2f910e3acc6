// B-trees of version 2, which index links, attributes, large heap objects and chunks (HDF5 File
// Format Specification, III.A.2).
#pragma once

#include "train/hdf5/source.h"

#include <functional>

namespace tandem {

enum class Btree2Type : uint8_t {
  huge_object = 1,
  link_name = 5,
  attribute_name = 8,
  chunk = 10,
  filtered_chunk = 11,
};

// Calls `each` with every record of the tree at an address, in its order. Throws CheckpointError
// if the tree is of another type.
void walk_btree2(const Hdf5Source& source, uint64_t address, Btree2Type type,
                 const std::function<void(Cursor record)>& each);

}  // namespace tandem
