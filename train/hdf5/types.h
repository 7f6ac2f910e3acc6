// What data sets and attributes are made of: element types and shapes (HDF5 File Format
// Specification, IV.A.2.b and IV.A.2.d).
#pragma once

#include "train/hdf5/source.h"

#include <optional>

namespace tandem {

struct Hdf5Type {
  enum class Kind {
    integer,
    floating,        // IEEE's of 2, 4 or 8 bytes, or bfloat16
    text,            // of `bytes` bytes, padded
    text_reference,  // of variable length, in a global heap
    other,           // whatever else there is
  };
  Kind kind = Kind::other;
  uint32_t bytes = 0;  // an element takes
  bool big_endian = false;
  bool is_signed = false;         // integers
  int exponent_bits = 0;          // floats
  bool padded_by_spaces = false;  // texts; else by zeros

  bool operator==(const Hdf5Type&) const = default;
};

struct Hdf5Shape {
  std::vector<uint64_t> lengths;  // of each axis; none for a scalar
  std::vector<uint64_t> most;     // that each may grow to; Hdf5Source::undefined: no limit
  bool empty = false;             // a "null" space, without elements

  // The number of elements, if it is below `limit`.
  std::optional<uint64_t> elements(uint64_t limit) const;
};

Hdf5Type read_type(const Hdf5Source& source, std::span<const std::byte> message);
Hdf5Shape read_shape(const Hdf5Source& source, std::span<const std::byte> message);

// Values as the file has them, [values * type.bytes], in ours. A float that is out of range becomes
// infinite. Throws CheckpointError for an integer that is out of range, and for another kind.
void to_floats(const Hdf5Source& source, const Hdf5Type& type, std::span<const std::byte> bytes,
               std::span<float> values);
void to_integers(const Hdf5Source& source, const Hdf5Type& type, std::span<const std::byte> bytes,
                 std::span<int64_t> values);

}  // namespace tandem
