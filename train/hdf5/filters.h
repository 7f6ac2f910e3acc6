// What chunks went through before they were stored: shuffle, deflate, LZF, fletcher32 (HDF5 File
// Format Specification, IV.A.2.l).
#pragma once

#include "train/hdf5/source.h"

namespace tandem {

// deflate makes nothing smaller than by this factor, and LZF less.
constexpr uint64_t largest_compression = 1032;

class Hdf5Filters {
 public:
  Hdf5Filters() = default;

  // Throws CheckpointError for filters that are not known.
  Hdf5Filters(const Hdf5Source& source, std::span<const std::byte> message);

  bool empty() const { return filters_.empty(); }

  // The most bytes that a chunk of so many stored ones may have.
  uint64_t most_bytes(uint64_t stored) const;

  // The `bytes` bytes that were stored as `stored`; filters whose bit is set in `skipped` were not
  // used. Throws CheckpointError where they don't come out as so many, or differ from a checksum.
  Bytes undo(const Hdf5Source& source, Bytes stored, uint32_t skipped, uint64_t bytes) const;

 private:
  enum Kind : uint16_t { deflate = 1, shuffle = 2, fletcher = 3, lzf = 32000 };
  struct Filter {
    uint64_t kind;
    uint64_t element_bytes;  // shuffle
  };
  std::vector<Filter> filters_;
};

}  // namespace tandem
