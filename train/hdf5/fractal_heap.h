// Fractal heaps, which hold links and attributes where an object has many of them or long ones
// (HDF5 File Format Specification, III.G).
#pragma once

#include "train/hdf5/source.h"

#include <map>

namespace tandem {

class FractalHeap {
 public:
  // Reads the heap at an address; the source must outlive it.
  FractalHeap(const Hdf5Source& source, uint64_t address);

  size_t id_bytes() const { return id_bytes_; }

  // The object of an id. Throws CheckpointError if it is not there.
  Bytes object(std::span<const std::byte> id) const;

 private:
  struct Block {
    uint64_t address = 0;
    Bytes bytes;
  };

  void read_direct(uint64_t address, uint64_t offset, uint64_t bytes);
  void read_indirect(uint64_t address, uint64_t offset, uint64_t rows);
  uint64_t bytes_of_row(uint64_t row) const;
  uint64_t rows_of(uint64_t bytes) const;
  void check_block(Cursor& at, std::string_view signature, uint64_t offset) const;
  void read_huge_objects(uint64_t tree);
  Bytes managed(Cursor id) const;
  Bytes huge(Cursor id) const;

  const Hdf5Source& source_;
  uint64_t address_;
  size_t id_bytes_ = 0;
  bool checksums_ = false;                     // of direct blocks
  uint64_t width_ = 0;                         // blocks of a row
  uint64_t first_bytes_ = 0, most_bytes_ = 0;  // of direct blocks
  size_t offset_bytes_ = 0;                    // that a place in the heap takes
  size_t length_bytes_ = 0;                    // that an object's length takes
  std::map<uint64_t, Bytes> blocks_;           // direct ones by their offset
  struct Range {
    uint64_t address, bytes;
  };
  std::map<uint64_t, Range> huge_;  // by id
};

}  // namespace tandem
