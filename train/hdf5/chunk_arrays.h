// Indexes of chunks that are arrays: fixed ones, and extensible ones where one axis has no end
// (HDF5 File Format Specification, VII.C and VII.D).
#pragma once

#include "train/hdf5/source.h"

#include <functional>

namespace tandem {

// Takes the entry of the chunk of an index. Entries of filtered chunks have a length between the
// address and the last 4 bytes, at least 1 byte of it and at most 8.
using TakeChunk = std::function<void(uint64_t index, Cursor entry)>;

void walk_fixed_array(const Hdf5Source& source, uint64_t address, bool filtered,
                      const TakeChunk& take);
void walk_extensible_array(const Hdf5Source& source, uint64_t address, bool filtered,
                           const TakeChunk& take);

}  // namespace tandem
