// The bytes of an HDF5 file, for a reader that believes nothing in them. (HDF5 File Format
// Specification 3.0, section II.A, the superblock.)
//
// The HDF5 library takes structures as they come, and crashes on files that were made to make it.
// So files are read by train/hdf5, and the library only writes them.
#pragma once

#include "train/checkpoint/file.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

using Bytes = std::vector<std::byte>;

class Hdf5Source {
 public:
  static constexpr uint64_t undefined = std::numeric_limits<uint64_t>::max();

  // Throws CheckpointError for a file that is not HDF5 or is shorter than it says.
  explicit Hdf5Source(const std::string& path);

  const std::string& path() const { return file_.path(); }
  uint64_t size() const { return file_.size() - base_; }  // bytes, without a user block
  uint64_t root() const { return root_; }                 // the address of the root's header
  size_t address_bytes() const { return address_bytes_; }
  size_t length_bytes() const { return length_bytes_; }

  // The bytes of a structure. All structures together may have no more than four times those of
  // the file, so that cycles come to an end. Throws CheckpointError for what isn't in the file.
  Bytes structure(uint64_t address, uint64_t bytes) const;

  // Counts bytes copied out of a structure as another structure's: many names may lead to them.
  void count_copy(uint64_t bytes) const;

  // Fills `to` with values.
  void values(uint64_t address, std::span<std::byte> to) const;

  // Throws CheckpointError: a damaged file; one with something that is valid but not read here.
  [[noreturn]] void damaged(std::string_view what) const;
  [[noreturn]] void refuse(std::string_view what) const;

 private:
  void read_superblock();
  void check_range(uint64_t address, uint64_t bytes) const;

  InputFile file_;
  uint64_t base_ = 0;
  uint64_t root_ = undefined;
  uint8_t address_bytes_ = 8;
  uint8_t length_bytes_ = 8;
  mutable uint64_t structure_bytes_left_;
};

// Whether a file has HDF5's signature where one may be.
bool has_hdf5_signature(const std::string& path);

// Reads the fields of a structure one after the other. Throws CheckpointError past its end. Both
// the source and the bytes must outlive it.
class Cursor {
 public:
  // `what` the structure is, in errors.
  Cursor(const Hdf5Source& source, std::span<const std::byte> bytes, const char* what)
      : source_(&source), left_(bytes), what_(what) {}

  // An unsigned number of up to 8 bytes, the lowest first.
  uint64_t number(size_t bytes);
  uint8_t byte() { return static_cast<uint8_t>(number(1)); }
  uint64_t length() { return number(source_->length_bytes()); }
  uint64_t address();  // or Hdf5Source::undefined

  std::span<const std::byte> take(uint64_t bytes);
  void skip(uint64_t bytes) { take(bytes); }
  size_t left() const { return left_.size(); }

  // Throws unless the signature, or the version, comes next.
  void expect(std::string_view signature);
  void expect_version(uint8_t version);

  [[noreturn]] void damaged() const;

 private:
  const Hdf5Source* source_;
  std::span<const std::byte> left_;
  const char* what_;
};

}  // namespace tandem
