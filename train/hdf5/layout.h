// Where the values of a data set lie (HDF5 File Format Specification, IV.A.2.i).
#pragma once

#include "train/hdf5/source.h"

namespace tandem {

struct Hdf5Layout {
  enum class Kind {
    compact,     // in the header itself
    contiguous,  // in one piece
    chunked,
  };
  enum class Index : uint8_t {  // of chunks
    btree1 = 0,
    single = 1,
    implicit = 2,
    fixed_array = 3,
    extensible_array = 4,
    btree2 = 5,
  };
  Kind kind = Kind::compact;
  uint64_t address = Hdf5Source::undefined;  // of the values, or of the chunks' index
  uint64_t bytes = 0;                        // contiguous
  Bytes values;                              // compact
  std::vector<uint64_t> chunk;               // a chunk's lengths
  uint64_t element_bytes = 0;                // chunked: as the layout has it
  Index index = Index::btree1;
  bool plain_edges = false;     // chunks across the end are not filtered
  uint64_t single_bytes = 0;    // of a single chunk that is filtered, else 0
  uint32_t single_skipped = 0;  // its filters that were not used
};

// Throws CheckpointError for layouts that are not known, and for data sets that are put together
// from others.
Hdf5Layout read_layout(const Hdf5Source& source, std::span<const std::byte> message);

}  // namespace tandem
