// Data sets: what they hold, read a few rows at a time.
#pragma once

#include "train/hdf5/chunks.h"
#include "train/hdf5/object.h"

namespace tandem {

class Hdf5DataSet {
 public:
  // Throws CheckpointError for data sets in other files, or whose values were never written, are
  // not in the file, or are stored in a way that is not read. All memory that rows need is then at
  // most `largest_compression` times the file.
  explicit Hdf5DataSet(const Hdf5Object& object);

  const Hdf5Type& type() const { return type_; }
  const std::vector<uint64_t>& lengths() const { return shape_.lengths; }  // of the axes
  uint64_t elements() const { return elements_; }
  const Hdf5Source& source() const { return *source_; }

  // The place of values that lie in one piece as they are; undefined for others.
  uint64_t address() const;

  // Fills `to` with the elements of the indices [first, first + count) along the first axis, as
  // the file has them. A scalar has one.
  void read_rows(uint64_t first, uint64_t count, std::span<std::byte> to) const;
  Bytes read_all() const;

 private:
  void find_values();
  void make_grid();
  Bytes chunk(uint64_t row, uint64_t column) const;
  void read_chunked(uint64_t first, uint64_t count, std::span<std::byte> to) const;

  std::shared_ptr<const Hdf5Source> source_;
  Hdf5Type type_;
  Hdf5Shape shape_;
  Hdf5Layout layout_;
  Hdf5Filters filters_;
  uint64_t elements_ = 0;
  uint64_t row_bytes_ = 0;
  Hdf5Grid grid_;
  std::vector<Hdf5Chunk> chunks_;
};

// The texts of a data set or an attribute, whose elements are `bytes`: of fixed length without
// what pads them, or from global heaps. Throws CheckpointError where they together are longer than
// the file.
std::vector<std::string> read_texts(const Hdf5Source& source, const Hdf5Type& type,
                                    std::span<const std::byte> bytes);

}  // namespace tandem
