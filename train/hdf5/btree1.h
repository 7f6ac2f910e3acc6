// B-trees of version 1, which index old groups and chunks (HDF5 File Format Specification,
// III.A.1).
#pragma once

#include "train/hdf5/source.h"

#include <functional>

namespace tandem {

enum class Btree1Type : uint8_t { group = 0, chunk = 1 };

// Calls `each` with the key before every child of the leaves, [key_bytes], and the child's address.
void walk_btree1(const Hdf5Source& source, uint64_t address, Btree1Type type, size_t key_bytes,
                 const std::function<void(Cursor key, uint64_t child)>& each);

}  // namespace tandem
