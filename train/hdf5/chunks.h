// Where each chunk of a data set lies.
#pragma once

#include "train/hdf5/filters.h"
#include "train/hdf5/layout.h"
#include "train/hdf5/types.h"

namespace tandem {

struct Hdf5Chunk {
  uint64_t address = Hdf5Source::undefined;
  uint64_t bytes = 0;    // that are stored
  uint32_t skipped = 0;  // filters that were not used
};

// A grid of chunks, the last axis fastest.
struct Hdf5Grid {
  std::vector<uint64_t> counts;       // of chunks along each axis
  std::vector<uint64_t> most_counts;  // if the data set had grown as far as it may
  uint64_t chunk_bytes = 0;           // of a chunk, before filters
};

// All chunks of a data set, in the grid's order. Throws CheckpointError where one was never
// written, is not in the file, or holds less than it must, and where chunks overlap so much that
// together they are longer than the file.
std::vector<Hdf5Chunk> read_chunks(const Hdf5Source& source, const Hdf5Layout& layout,
                                   const Hdf5Filters& filters, const Hdf5Grid& grid);

}  // namespace tandem
